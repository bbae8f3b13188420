// Two people at the desk: in one source at the same time, and kept apart and then compared.
// Started as browsing.mjs says.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { accounts, judge, look, open, signIn } from './browsing.mjs';
import { begin } from './desk_begin.mjs';

let example, study, openSource;
before(async () => { ({ example, study, openSource } = await begin()); });

test('two people in one source see each other, and nobody takes off what the other put on', async () => {
  const one = await open(example), two = await open(example);
  await signIn(one.page, example, accounts.coder);
  await signIn(two.page, example, accounts.researcher);
  const source = study.sources.find((each) => each.kind === 'interview' && each.codings === 0 && !each.translation_of)?.id ?? study.source;
  await openSource(one.page, 'en', source);
  await openSource(two.page, 'en', source);
  await two.page.waitForTimeout(500);  // it waits at the server by now
  const before = await two.page.locator('.turn .codes li').count();
  await one.page.locator('.transcript').focus();
  await one.page.keyboard.press('ArrowDown');
  const began = Date.now();
  await one.page.keyboard.press('KeyV');
  await two.page.waitForFunction((n) => document.querySelectorAll('.turn .codes li').length > n, before, { timeout: 10000, polling: 20 });
  const seen = Date.now() - began;
  console.log(`# seen by the other after ${seen} ms`);
  assert.ok(seen < 3000, `${seen} ms`);  // a second on a machine that does nothing else
  await two.page.locator('.transcript').focus();
  await two.page.keyboard.press('ArrowDown');
  await two.page.keyboard.press('x');
  await two.page.waitForFunction(() => document.querySelector('.status').textContent.length > 0);
  await one.page.keyboard.press('u');
  await two.page.waitForFunction((n) => document.querySelectorAll('.turn .codes li').length === n, before, { timeout: 10000 });
  assert.deepEqual([...one.wrong, ...two.wrong], []);
  await one.close();
  await two.close();
});

test('two coders are kept apart, compared, and a difference is settled with the reason', async () => {
  const lead = await open(example), coder = await open(example);
  await signIn(lead.page, example, accounts.researcher);
  await signIn(coder.page, example, accounts.coder);
  await openSource(lead.page);
  await lead.page.locator('.deeds button', { hasText: 'blind' }).first().click();
  await lead.page.locator('.note.blind').waitFor();
  await lead.page.waitForFunction(() => document.querySelectorAll('.turn .codes li').length === 0);
  await openSource(coder.page);
  await coder.page.locator('.note.blind').waitFor();
  // Something the others did not see.
  await coder.page.locator('.transcript').focus();
  for (let turn = 0; turn < 3; turn++) await coder.page.keyboard.press('ArrowDown');
  await coder.page.keyboard.press('KeyW');
  await coder.page.locator('.on-it li button').first().waitFor();
  await coder.page.waitForTimeout(500);
  await lead.page.goto(`${example}/desk/studies/${study.id}/sources/${study.source}/comparison`);
  await lead.page.locator('.empty', { hasText: 'blind' }).waitFor();
  await openSource(lead.page);
  await lead.page.locator('.note.blind button').click();
  await lead.page.locator('.note.blind').waitFor({ state: 'detached' });
  await lead.page.locator('.deeds a', { hasText: 'Compare' }).waitFor();
  await lead.page.goto(`${example}/desk/studies/${study.id}/sources/${study.source}/comparison`);
  await lead.page.locator('table tbody tr').first().waitFor();
  const other = lead.page.locator('.sentence select').nth(1);
  await other.selectOption(await other.locator('option', { hasText: accounts.coder.name }).getAttribute('value'));
  await lead.page.locator('.differences > li').first().waitFor();
  await look(lead.page, 'desk-comparison-laptop-en', 'laptop');
  await judge(lead.page, 'a comparison');
  const first = lead.page.locator('.differences > li').first();
  await first.locator('button', { hasText: 'It stands' }).click();
  await first.locator('textarea').fill('The words say so themselves.');
  await first.locator('form button').first().click();
  await lead.page.locator('.differences .settled', { hasText: 'The words say so themselves.' }).waitFor();
  assert.deepEqual([...lead.wrong, ...coder.wrong], []);
  await lead.close();
  await coder.close();
});
