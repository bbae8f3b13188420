// The desk in a real browser: its places in every language, on a phone and a laptop, for whom they are, and how sources
// are found there.
// Started as browsing.mjs says.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { accounts, judge, look, open, signIn, sizes } from './browsing.mjs';
import { begin } from './desk_begin.mjs';

const languages = ['en', 'km', 'ne', 'hi', 'bn', 'th', 'vi'];
let example, study;
before(async () => { ({ example, study } = await begin()); });

test('each place is open to whom it should be, in every language, on a phone and a laptop', async () => {
  for (const size of Object.keys(sizes)) {
    const { page, wrong, close } = await open(example, size);
    await signIn(page, example, accounts.researcher);
    for (const language of languages)
      for (const [what, path, ready] of [['home', '', '.cards a'], ['sources', `/studies/${study.id}/sources`, 'table a'],
        ['coding', `/studies/${study.id}/sources/${study.source}`, '.turn'], ['codebook', `/studies/${study.id}/codebook`, '.codelist button']]) {
        await page.goto(`${example}/desk${path}?lang=${language}`);
        await page.locator(ready).first().waitFor();
        assert.equal(await page.getAttribute('html', 'lang'), language);
        await look(page, `desk-${what}-${size}-${language}`, size);
        if (size === 'phone' || language === 'km') await judge(page, `${what} ${size} ${language}`);
      }
    assert.deepEqual(wrong, []);
    await close();
  }
});

test('who may not list sources is not led to them, and nobody from the street gets in', async () => {
  const { page, close } = await open(example);
  assert.equal((await page.goto(example + '/desk')).url(), example + '/sign-in');
  await signIn(page, example, accounts.case_worker);
  await page.goto(example + '/desk');
  await page.locator('.cards a').first().click();
  await page.locator('.menu a').filter({ hasText: 'Codebook' }).click();
  await page.locator('.codelist').waitFor();
  assert.equal(await page.locator('.menu a').filter({ hasText: 'Sources' }).count(), 0);
  await page.goto(`${example}/desk/studies/${study.id}/sources/${study.source}`);
  await page.locator('.empty').first().waitFor();
  await close();
});

test('sources are filtered by a sentence', async () => {
  const { page, wrong, close } = await open(example);
  await signIn(page, example, accounts.researcher);
  await page.goto(`${example}/desk/studies/${study.id}/sources`);
  const all = await page.locator('table tbody tr').count();
  await page.selectOption('.sentence select >> nth=0', 'focus_group');
  const groups = await page.locator('table tbody tr').count();
  assert.ok(groups > 0 && groups < all);
  await page.fill('.sentence input[type=search]', 'no source is called so');
  await page.locator('.empty button').click();
  assert.equal(await page.locator('table tbody tr').count(), all);
  assert.deepEqual(wrong, []);
  await close();
});

test('views are kept by whoever made them, and found again', async () => {
  const one = await open(example), two = await open(example);
  await signIn(one.page, example, accounts.researcher);
  await signIn(two.page, example, accounts.coder);
  const at = `${example}/desk/studies/${study.id}/sources`;
  await one.page.goto(at);
  await one.page.selectOption('.sentence select >> nth=0', 'focus_group');
  await one.page.locator('.keep-view').click();
  await one.page.keyboard.type('Groups alone');
  await one.page.keyboard.press('Enter');
  await one.page.locator('.views button[aria-pressed=true]', { hasText: 'Groups alone' }).waitFor();
  await one.page.reload();
  await one.page.locator('.views button', { hasText: 'Groups alone' }).first().click();
  assert.equal(await one.page.inputValue('.sentence select >> nth=0'), 'focus_group');
  await two.page.goto(at);
  await two.page.locator('table a').first().waitFor();
  assert.equal(await two.page.locator('.views').count(), 0);
  await one.page.locator('.views .forget').click();
  await one.page.locator('.views').waitFor({ state: 'detached' });
  assert.deepEqual([...one.wrong, ...two.wrong], []);
  await one.close();
  await two.close();
});
