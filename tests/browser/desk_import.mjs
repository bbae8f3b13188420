// Bringing in at the desk: files are looked at before anything is written, and what comes from another program too.
// Started as browsing.mjs says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { accounts, folder, judge, look, open, root, signIn, understory } from './browsing.mjs';
import { begin } from './desk_begin.mjs';

let example, study;
before(async () => { ({ example, study } = await begin()); });

for (const [size, language] of [['laptop', 'en'], ['phone', 'km']])
  test(`files are looked at and then taken in, on a ${size} in ${language}`, async () => {
    const { page, wrong, close } = await open(example, size);
    await signIn(page, example, accounts.researcher);
    const count = async () => (await (await page.request.get(`${example}/api/v1/studies/${study.id}/sources`)).json()).sources.length;
    const before = await count();
    await page.goto(`${example}/desk/studies/${study.id}/import?lang=${language}`);
    await page.locator('input[type=file]').waitFor();
    await judge(page, 'bringing in');
    // What nothing here reads: it says which file, and nothing is written.
    const name = `talk-${size}`;
    await page.locator('input[type=file]').setInputFiles([{ name: 'talk.wav', mimeType: 'audio/wav', buffer: Buffer.from([1, 2, 0, 3]) }]);
    await page.locator('form.import button').first().click();
    await page.locator('.note[role=alert]', { hasText: 'talk.wav' }).waitFor();
    // A survey whose columns say nothing by themselves, and a transcript.
    await page.locator('input[type=file]').setInputFiles([
      { name: `${name}.csv`, mimeType: 'text/csv', buffer: Buffer.from(`Number,Years,Why?\nQ-${size}-1,25-34,The rains did not come and the mill wants its money\nQ-${size}-2,18-24,There is no work here at all for young people\n`) },
      { name: `${name}.txt`, mimeType: 'text/plain', buffer: Buffer.from('I: Why?\n\nT: The river took the field.\n') },
    ]);
    await page.locator('form.import button').first().click();
    await page.locator('.columns, .receipts').first().waitFor();
    const column = (called) => page.locator('.columns .grid label', { hasText: new RegExp(`^\\s*${called}`) }).locator('select');
    await column('Number').selectOption('respondent');
    await column('Years').selectOption('age_band');
    await column('Why').selectOption('open');
    await page.locator('.facts-for-all summary').click();
    await page.locator('.facts-for-all select').first().selectOption('Svay Rieng');
    await page.locator('form.import button').first().click();
    await page.locator('.receipt').nth(1).waitFor();
    assert.equal(await count(), before, 'looking writes nothing');
    await look(page, `desk-import-${size}-${language}`, size);
    await judge(page, 'a receipt');
    await page.locator('.main-button').focus();
    await page.keyboard.press('Enter');
    await page.locator('.receipts .deeds a').waitFor();
    assert.equal(await count(), before + 3);
    assert.deepEqual(wrong, []);
    await close();
  });

test('what a project of another program says of positions is shown with its score before it is taken', async () => {
  const project = join(folder, 'out.qdpx'), other = join(folder, 'other'), files = join(root, 'examples/seven-communities/svay-rieng');
  for (const call of [['init'], ['place', 'import', join(files, 'places.csv')], ['study', 'new', 'Other', '--location', 'Svay Rieng=KH-20'],
    ...['respondents', 'sources', 'survey', 'codings'].map((table) => ['import', '--study', 'Other', join(files, `${table}.csv`)]),
    ['export', '--study', 'Other', '--as', 'qdpx:nvivo', project]])
    execFileSync(understory, [...call, '-w', other]);
  const { page, wrong, close } = await open(example);
  await signIn(page, example, accounts.researcher);
  await page.goto(`${example}/desk/studies/${study.id}/import?lang=en`);
  await page.locator('input[type=file]').setInputFiles(project);
  await page.locator('form.import button').first().click();
  await page.locator('.readings li').first().waitFor();
  assert.match(await page.locator('.readings li').first().innerText(), /score (0\.\d\d|1\.00) of 1/);
  assert.deepEqual(wrong, []);
  await close();
});
