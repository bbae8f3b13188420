// The codebook at the desk: codes that are made, named, merged and split.
// Started as browsing.mjs says.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { accounts, judge, look, open, signIn } from './browsing.mjs';
import { begin } from './desk_begin.mjs';

let example, study;
before(async () => { ({ example, study } = await begin()); });

test('the codebook is changed, and what a merge does is shown first', async () => {
  const { page, wrong, close } = await open(example);
  await signIn(page, example, accounts.researcher);
  await page.goto(`${example}/desk/studies/${study.id}/codebook`);
  const make = async (name) => {
    await page.locator('main > p > button').click();
    await page.fill('form.sentence input', name);
    await page.keyboard.press('Enter');
    await page.locator('.one-code h2', { hasText: name }).waitFor();
  };
  await make('Floods of the rainy season');
  await page.locator('.one-code textarea').first().fill('Water that takes a harvest.');
  await page.locator('.one-code summary', { hasText: 'other languages' }).click();
  await page.fill('.one-code input[lang=km]', 'ទឹកជំនន់');
  await page.locator('.one-code .deeds button').first().click();
  await page.waitForFunction(() => document.querySelector('.status').textContent.includes('is kept'));
  await page.goto(`${example}/desk/studies/${study.id}/codebook?lang=km`);
  await page.locator('.codelist button', { hasText: 'ទឹកជំនន់' }).waitFor();
  await page.goto(`${example}/desk/studies/${study.id}/codebook?lang=en`);
  await make('Droughts');
  await page.locator('.one-code summary', { hasText: 'Merge' }).click();
  await page.selectOption('.one-code details[open] select', { label: 'Floods of the rainy season' });
  await page.locator('.one-code [role=status]', { hasText: 'No coding changes' }).waitFor();
  await judge(page, 'a merge');
  await look(page, 'desk-merge-laptop-en', 'laptop');
  await page.locator('.one-code .main-button').click();
  await page.locator('.one-code h2', { hasText: 'Floods' }).waitFor();
  await page.locator('.codelist button', { hasText: 'Droughts' }).waitFor({ state: 'detached' });
  // Some passages of a code get a code of their own.
  await page.locator('.codelist button', { hasText: /^Debt/ }).first().click();
  await page.locator('.one-code summary', { hasText: 'Split' }).click();
  await page.locator('.picks input').first().check();
  await page.locator('.one-code details[open] form > label input').last().fill('Debt to lenders');
  await page.locator('.one-code details[open] form > button').click();
  await page.locator('.codelist button', { hasText: 'Debt to lenders' }).waitFor();
  assert.deepEqual(wrong, []);
  await close();
});
