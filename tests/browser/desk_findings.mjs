// Findings at the desk: asking by choosing, the words behind a number and what speaks against it, two groups side by side,
// findings that are kept, reviewed and put into the report, and its files; by mouse and by keys alone.
//
// Usage: desk_findings.mjs UNDERSTORY PACKAGES   (as run.mjs). With SCREENSHOTS=FOLDER pages are kept as pictures.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { accounts, folder, judge, look, open, root, serve, signIn, sizes, understory } from './browsing.mjs';

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

const desk = (path) => `${base}/desk/studies/${study}${path}`;
const answered = (page) => page.locator('.sentences li').first().waitFor();
const status = (page, words) => page.waitForFunction((said) => document.querySelector('.status').textContent.includes(said), words);
const bytesOf = async (download) => readFileSync(await download.path());

// The README is all this researcher has: sign in as researcher, choose Findings.
test('a researcher asks for the causes by location, opens the passages behind one bar, and downloads the PDF', async () => {
  const { page, wrong, close } = await open(base);
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  assert.match(readme, /sign in as `researcher`/);
  await page.goto(base);
  await Promise.all([page.waitForNavigation(), page.locator('main button', { hasText: 'researcher' }).click()]);
  await page.getByRole('link', { name: 'Desk' }).click();
  await page.locator('.cards a').first().click();
  await page.getByRole('link', { name: 'Findings', exact: true }).click();
  await answered(page);
  assert.equal(await page.locator('form.sentence select').first().inputValue(), 'causes');
  assert.equal(await page.locator('form.sentence select').nth(1).inputValue(), 'location');
  assert.match(await page.textContent('.sentences'), /Poverty/);
  await look(page, 'desk-findings-readme', 'laptop');
  // One bar: poverty at Svay Rieng.
  const bar = page.locator('svg.panel', { has: page.locator('text', { hasText: 'Svay Rieng' }) }).first().locator('a').first();
  const title = await bar.locator('title').textContent();
  assert.match(title, /Poverty: 19 of 24/);
  await bar.click();
  await page.locator('.behind .quotes li').first().waitFor();
  assert.match(await page.textContent('.behind-title'), /Poverty – Svay Rieng/);
  assert.match(await page.textContent('.behind'), /19 of 24/);
  const shown = await page.locator('.behind .quotes li').count();
  assert.ok(shown > 10, `${shown} passages`);
  assert.ok(await page.locator('.behind blockquote[lang=km]').count() > 5, 'in the words people used');
  await look(page, 'desk-passages-laptop-en', 'laptop');
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 120000 }), page.locator('.downloads a', { hasText: 'PDF' }).click({ noWaitAfter: true })]);
  assert.equal((await bytesOf(download)).subarray(0, 5).toString(), '%PDF-');
  assert.deepEqual(wrong, []);
  await close();
});

test('each of its places is whole in every language, on a phone and a laptop', async () => {
  for (const size of Object.keys(sizes)) {
    const { page, wrong, close } = await open(base, size);
    await signIn(page, base, accounts.researcher);
    for (const language of languages)
      for (const [what, path, ready] of [['findings', '/findings?question=causes', '.sentences li'], ['links', '/findings?question=links', '.sentences li'],
        ['passages', '/findings?question=causes&group=Svay%20Rieng&item=Causes%2FPoverty', '.quotes li'], ['kept', '/findings/kept', '.empty a']]) {
        await page.goto(desk(path + (path.includes('?') ? '&' : '?') + 'lang=' + language));
        await page.locator(ready).first().waitFor();
        assert.equal(await page.getAttribute('html', 'lang'), language);
        await look(page, `desk-${what}-${size}-${language}`, size);
        if (size === 'phone' || language === 'km') await judge(page, `${what} ${size} ${language}`);
      }
    assert.deepEqual(wrong, []);
    await close();
  }
});

test('a question is put together by choosing, and its address can be handed on', async () => {
  const { page, wrong, close } = await open(base);
  await signIn(page, base, accounts.researcher);
  await page.goto(desk('/findings'));
  await answered(page);
  const choice = (label) => page.locator('form.sentence label').filter({ hasText: new RegExp(`^\\s*${label}`) }).locator('select').first();
  await choice('split by').selectOption('gender');
  await page.waitForURL(/by%20gender|by\+gender/);
  await page.locator('svg.panel[aria-label^="woman or girl"]').waitFor();
  await choice('Location').selectOption('Svay Rieng');
  await page.waitForURL(/Svay/);
  await page.waitForFunction(() => /19 of 24/.test(document.querySelector('.sentences').textContent));
  const address = page.url(), said = await page.textContent('.sentences');
  await choice('Ask').selectOption('trend');
  await page.locator('h1', { hasText: 'More or less' }).waitFor();
  await page.goto(address);
  await answered(page);
  assert.equal(await page.textContent('.sentences'), said);
  assert.equal(await choice('Location').inputValue(), 'Svay Rieng');
  // A number of the table opens too; and what speaks against it.
  await page.locator('.figures figure').first().locator('summary').click();
  await page.locator('.figures td a').first().click();
  await page.locator('.quotes li').first().waitFor();
  await page.getByRole('button', { name: 'What speaks against it' }).click();
  await page.waitForFunction(() => /did not say it/.test(document.querySelector('.behind').textContent));
  const [people, asked] = (await page.textContent('.behind')).match(/(\d+) of (\d+) asked did not/).slice(1).map(Number);
  const [k, n] = (await page.textContent('.behind .deeds .quiet')).match(/(\d+) of (\d+)/).slice(1).map(Number);
  assert.deepEqual([people, asked], [n - k, n]);
  await judge(page, 'what speaks against a number');
  // How far coders agree is measured over what one chooses, at the desk and on the plain page.
  await choice('Ask').selectOption('agreement');
  await page.locator('.figures', { hasText: 'Agreement code by code, over the text' }).waitFor();
  await choice('Measured over').selectOption({ label: 'turns' });
  await page.waitForURL(/unit%20paragraph|unit\+paragraph/);
  await page.locator('.figures', { hasText: 'Agreement code by code, over turns' }).waitFor();
  assert.equal(await choice('Measured over').inputValue(), 'paragraph');
  await page.goto(`${base}/studies/${study}/findings/agreement`);
  await page.locator('select[name=unit]').selectOption('respondent');
  await page.locator('.filters button').click();
  assert.equal(await page.locator('select[name=unit]').inputValue(), 'respondent');
  await page.locator('main', { hasText: 'Agreement code by code, over respondents' }).waitFor();
  await page.goto(`${base}/studies/${study}/findings/causes`);
  assert.equal(await page.locator('select[name=unit]').count(), 0);
  assert.deepEqual(wrong, []);
  await close();
});

test('links open their passages, threads are told with how well they stand', async () => {
  const { page, wrong, close } = await open(base);
  await signIn(page, base, accounts.researcher);
  await page.goto(desk('/findings?question=links'));
  await answered(page);
  const text = await page.textContent('.figures');
  assert.match(text, /Threads: chains that one source tells whole/);
  assert.match(text, /would have to be doubted before none is left/);
  // The same passages by the picture of a link, by the arrow of a thread, and by the table.
  const links = page.locator('.figures figure', { hasText: 'What leads to what' }), threads = page.locator('.figures figure', { hasText: 'Threads:' });
  await links.locator('summary').click();
  const pictured = await links.locator('svg a').count(), told = await links.locator('td a').count();
  assert.ok(pictured > 3 && pictured === told, `${pictured} links are drawn, ${told} stand in the table`);
  for (const first of [links.locator('svg a').first(), threads.locator('svg a').first(), links.locator('td a').first()]) {
    await first.click();
    await page.locator('.quotes li').first().waitFor();
    assert.match(await page.textContent('.behind-title'), /Disaster and climate.*leads to.*Poverty/);
    await page.goBack();
    await page.locator('.quotes').waitFor({ state: 'detached' });
    if (!(await links.locator('details').getAttribute('open') !== null)) await links.locator('summary').click();
  }
  assert.deepEqual(wrong, []);
  await close();
});

test('two groups stand side by side with the difference, and few people are not compared', async () => {
  const { page, wrong, close } = await open(base, 'phone');
  await signIn(page, base, accounts.researcher);
  await page.goto(desk('/findings?question=causes%20by%20gender'));
  await answered(page);
  await page.locator('.compared summary').first().click();
  await page.locator('.compared table').first().waitFor({ state: 'attached' });
  assert.match(await page.textContent('.compared'), /Fisher/);
  await look(page, 'desk-compared-phone-en', 'phone', { whole: true });
  await judge(page, 'two groups');
  // By role there are groups of a handful.
  await page.goto(desk('/findings?question=causes%20by%20role'));
  await answered(page);
  await page.locator('.compared summary').first().click();
  const small = await page.locator('.compared select').nth(1).locator('option').evaluateAll((all) => all.find((each) => !each.disabled && Number(each.textContent.match(/\((\d+)\)/)[1]) < 11)?.value);
  assert.ok(small, 'the example has a small group');
  await page.locator('.compared select').nth(1).selectOption(small);
  await page.locator('.compared .empty', { hasText: 'Fewer than 11' }).waitFor();
  assert.equal(await page.locator('.compared table').count(), 0);
  assert.deepEqual(wrong, []);
  await close();
});

test('a finding is kept, spoken about, reviewed and put into the report; a change of the evidence shows', async () => {
  const { page, wrong, close } = await open(base);
  await signIn(page, base, accounts.researcher);
  await page.goto(desk('/findings?question=causes%20by%20gender'));
  await answered(page);
  await page.getByRole('button', { name: 'Keep this finding' }).click();
  await page.locator('.finding-deeds input').fill('Causes, women and men');
  await page.keyboard.press('Enter');
  await status(page, 'is kept');
  await page.getByRole('link', { name: 'Kept' }).click();
  const kept = page.locator('.kept > li', { hasText: 'Causes, women and men' });
  await kept.waitFor();
  await kept.locator('summary').click();
  await kept.locator('textarea').fill('Ask again after the harvest.');
  await kept.locator('details button').click();
  await kept.locator('.memo', { hasText: 'after the harvest' }).waitFor();
  await kept.getByRole('button', { name: 'In the report' }).click();
  await status(page, 'in the report now');
  await close();

  // Somebody else reviews it.
  const lead = await open(base);
  await signIn(lead.page, base, accounts.programme_lead);
  await lead.page.goto(desk('/findings/kept'));
  const theirs = lead.page.locator('.kept > li').first();
  await theirs.getByRole('button', { name: 'Mark as reviewed' }).click();
  await status(lead.page, 'marked as reviewed');
  assert.match(await theirs.textContent(), new RegExp(`Reviewed by ${accounts.programme_lead.name}`));
  assert.equal(await theirs.locator('.stale').count(), 0);
  await look(lead.page, 'desk-kept-laptop-one', 'laptop');
  await judge(lead.page, 'kept findings');

  // A coding more, and the review is of what was.
  const { context, page: coder, close: leave } = await open(base);
  await signIn(coder, base, accounts.researcher);
  await coder.goto(desk('/sources'));
  await coder.locator('table a').first().waitFor();
  const token = await coder.evaluate(() => JSON.parse(document.getElementById('setting').textContent).token);
  const api = `${base}/api/v1/studies/${study}`;
  const { sources } = await (await context.request.get(`${api}/sources`)).json();
  const { codes } = await (await context.request.get(`${api}/codebook`)).json();
  const source = sources.find((each) => each.name === 'SR-01 interview').id;
  const made = await context.request.post(`${api}/sources/${source}/codings`, { headers: { 'X-Form': token }, data: { code_id: codes.find((each) => each.name === 'Debt').id, start: 40, end: 60 } });
  assert.equal(made.status(), 201);
  await leave();
  await lead.page.reload();
  await theirs.locator('.stale', { hasText: 'changed since this was reviewed' }).waitFor();

  // The report of what was chosen, previewed in Khmer, and its files.
  await lead.page.getByRole('link', { name: 'Report' }).click();
  const frame = lead.page.frameLocator('iframe.preview');
  await frame.locator('h2', { hasText: 'Causes, women and men' }).waitFor();
  assert.equal(await frame.locator('section').count(), 1);
  assert.match(await frame.locator('section').textContent(), /the evidence has changed since/);
  await judge(lead.page, 'the report');
  await look(lead.page, 'desk-report-laptop-en', 'laptop');
  await lead.page.locator('form.sentence select').nth(1).selectOption('km');
  await frame.locator('html[lang=km] h2').first().waitFor();
  for (const [form, starts] of [['DOCX', 'PK'], ['XLSX', 'PK'], ['CSV', '"Causes, women and men"'], ['HTML', '<!DOCTYPE html>'], ['PDF', '%PDF-']]) {
    const [download] = await Promise.all([lead.page.waitForEvent('download', { timeout: 120000 }), lead.page.locator('.downloads a', { hasText: form }).click({ noWaitAfter: true })]);
    assert.equal((await bytesOf(download)).subarray(0, starts.length).toString(), starts, form);
  }
  assert.deepEqual([...wrong, ...lead.wrong], []);
  await lead.close();
});

test('what a role may not do is not offered, and refused alike', async () => {
  const { page, context, close } = await open(base);
  await signIn(page, base, accounts.coder);
  await page.goto(desk('/findings'));
  await answered(page);
  assert.equal(await page.getByRole('button', { name: 'Keep this finding' }).count(), 0);
  assert.deepEqual(await page.locator('.downloads a').allTextContents(), ['CSV']);
  assert.equal(await page.getByRole('link', { name: 'Report' }).count(), 0);
  const token = await page.evaluate(() => JSON.parse(document.getElementById('setting').textContent).token);
  const refused = await context.request.post(`${base}/api/v1/studies/${study}/kept-findings`, { headers: { 'X-Form': token }, data: { name: 'x', question: 'risks' } });
  assert.equal(refused.status(), 403);
  await close();
  // A case worker sees numbers and opens no words.
  const worker = await open(base);
  await signIn(worker.page, base, accounts.case_worker);
  await worker.page.goto(desk('/findings'));
  await answered(worker.page);
  assert.equal(await worker.page.locator('.figures a').count(), 0);
  await worker.close();
});
