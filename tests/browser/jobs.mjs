// Long work: the list of it on a plain page, what the foot of the desk says of it, and who reviews a kept finding.
//
// Usage: jobs.mjs UNDERSTORY PACKAGES   (as run.mjs).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { accounts, catalogue, folder, judge, look, open, root, serve, signIn, sizes, submit, understory } from './browsing.mjs';

const languages = ['en', 'km', 'ne', 'hi', 'bn', 'th', 'vi'];
let base, study;
before(async () => {
  execFileSync(join(root, 'examples/seven-communities/make.sh'), [understory, join(folder, 'example')]);
  base = await serve(join(folder, 'example'));
  const { page, context, close } = await open(base);
  await signIn(page, base, accounts.researcher);
  study = (await (await context.request.get(`${base}/api/v1/studies`)).json()).studies[0].id;
  await close();
});

test('a backup is asked for, watched in the list, and stopped; others see nothing of it', async () => {
  const { page, wrong, close } = await open(base);
  await signIn(page, base, accounts.steward);
  await page.goto(base + '/jobs');
  const begun = await page.locator('ul.jobs li, main table').count();
  if (!begun) {
    await look(page, 'jobs-none-laptop-en', 'laptop');
    await judge(page, 'no jobs');
    // The server begins half a minute after its start: until then it waits.
    await page.goto(base + '/backups');
    await submit(page, page.locator('main form button'));
    await page.locator('main a[href="/jobs"]').click();
    const job = page.locator('ul.jobs li');
    await job.waitFor();
    assert.match(await job.textContent(), new RegExp(accounts.steward.name));
    for (const size of Object.keys(sizes))
      for (const language of languages) {
        await page.setViewportSize(sizes[size]);
        await page.goto(`${base}/jobs?lang=${language}`);
        assert.equal(await page.locator('main h1').textContent(), catalogue(language).jobs.title);
        await look(page, `jobs-waiting-${size}-${language}`, size);
        await judge(page, `jobs, ${size} ${language}`);
      }
    await page.goto(base + '/jobs?lang=en');
    await submit(page, job.locator('form button'));
  }
  assert.ok(begun || (await page.locator('main table').textContent()).includes('It was stopped.'));
  await look(page, 'jobs-ended-laptop-en', 'laptop');
  await judge(page, 'jobs that ended');
  await page.setViewportSize(sizes.phone);
  await page.goto(base + '/jobs?lang=km');
  await look(page, 'jobs-ended-phone-km', 'phone');
  assert.deepEqual(wrong, []);
  await close();
  const other = await open(base);
  await signIn(other.page, base, accounts.researcher);
  await other.page.goto(base + '/jobs');
  assert.equal(await other.page.locator('main h3, main td', { hasText: catalogue('en').jobs.kind_backup }).count(), 0);
  assert.equal(await other.page.locator('main table, ul.jobs').count(), 0);
  await other.close();
});

test('the foot of the desk shows what is under way in the study, and what was brought in stands in the list', async () => {
  for (const [size, language] of [['laptop', 'en'], ['phone', 'km']]) {
    const { page, wrong, context, close } = await open(base, size);
    await signIn(page, base, accounts.researcher);
    let asked = 0;
    const going = { id: '0000000000001', kind: 'learn', state: 'running', said: catalogue(language).progress.learning, done: 3, of: 7, by: '–', began: '2026-11-29T10:00:00Z', changed: '2026-11-29T10:00:05Z' };
    await context.route('**/api/v1/studies/*/jobs', (route) => { ++asked; return route.fulfill({ json: { jobs: [going, { ...going, id: '0000000000002', state: 'done' }] } }); });
    await page.goto(`${base}/desk/studies/${study}/sources?lang=${language}`);
    const job = page.locator('footer .jobs li').first();
    await job.waitFor();
    assert.ok((await job.textContent()).includes(catalogue(language).jobs.kind_learn));
    assert.equal(await job.locator('progress').getAttribute('value'), '3');
    assert.equal(await page.locator('footer .jobs progress').count(), 1, 'what has ended is not under way');
    assert.equal(asked, 1, 'it is not asked for again and again');
    await look(page, `desk-jobs-${size}-${language}`, size);
    await judge(page, `the desk while something is under way, ${size} ${language}`);
    assert.deepEqual(wrong, []);
    await close();
  }
  // Somebody who goes elsewhere at the desk and comes back finds what was taken in.
  const { page, wrong, close } = await open(base);
  await signIn(page, base, accounts.researcher);
  await page.goto(`${base}/desk/studies/${study}/import`);
  await page.locator('input[type=file]').setInputFiles({ name: 'talk.txt', mimeType: 'text/plain', buffer: Buffer.from('I: Why?\n\nHe: There was no rain.\n') });
  await page.locator('form.import button:not([type=button])').click();
  await page.locator('.receipts').waitFor();
  await page.locator('form.import .main-button').click();
  await page.locator('.menu a').nth(1).click();
  await page.locator('.codelist').waitFor();
  await page.waitForFunction(() => !document.querySelector('footer .work'));
  await page.goBack();
  await page.locator('.receipts h2', { hasText: 'taken in' }).waitFor();
  await page.goto(base + '/jobs');
  const row = page.locator('main table tbody tr').first();
  assert.match(await row.textContent(), /Files are brought in/);
  assert.match(await row.textContent(), /1 file was taken in\./);
  assert.match(await row.textContent(), new RegExp(accounts.researcher.name));
  await look(page, 'jobs-brought-in-laptop-en', 'laptop');
  assert.deepEqual(wrong, []);
  await close();
});

test('whoever kept a finding is told why somebody else reviews it', async () => {
  const { page, wrong, close } = await open(base, 'phone');
  await signIn(page, base, accounts.programme_lead);
  await page.goto(`${base}/desk/studies/${study}/findings?question=risks`);
  await page.getByRole('button', { name: 'Keep this finding' }).click();
  await page.locator('.finding-deeds input').fill('Risks, of mine');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('.status').textContent.includes('is kept'));
  await page.goto(`${base}/desk/studies/${study}/findings/kept`);
  const kept = page.locator('.kept > li', { hasText: 'Risks, of mine' });
  await kept.getByText('somebody else reviews it').waitFor();
  assert.equal(await kept.getByRole('button', { name: 'Mark as reviewed' }).count(), 0);
  await look(page, 'desk-kept-own-phone-en', 'phone');
  await judge(page, 'a kept finding of one’s own');
  assert.deepEqual(wrong, []);
  await close();
});
