// A coder's day at the desk and the day of whoever leads the coding.
// Started as browsing.mjs says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, judge, look, open, serve, understory } from './browsing.mjs';
import { turns } from './desk_begin.mjs';

// A whole day, by keys alone: a new transcript is coded by two people who do not see each other, compared, and settled.
for (const [size, language] of [['laptop', 'en'], ['phone', 'km']])
  test(`a coder's day by keys alone, from signing in to signing out, on a ${size} in ${language}`, async () => {
    const workspace = join(folder, `day-${size}`), files = join(folder, `day-files-${size}`);
    mkdirSync(files);
    writeFileSync(join(files, 'day.txt'), ['I: ហេតុអ្វីបានជាគេទៅឆ្ងាយ?', 'T: គេជំពាក់បំណុលគេ ហើយគ្មានការងារធ្វើនៅភូមិទេ។', 'I: តើគេទៅណា?',
      'T: គេឆ្លងព្រំដែនទៅធ្វើការនៅចម្ការ។', 'I: ចុះកុមារ?', 'T: កុមារខ្លះទៅជាមួយឪពុកម្តាយ ព្រោះគ្មានអ្នកមើលថែ។'].join('\n\n') + '\n');
    for (const call of [['init'], ['study', 'new', 'Day', '--location', 'Svay Rieng=KH-20']]) execFileSync(understory, [...call, '-w', workspace]);
    const steward = { UNDERSTORY_ACCOUNT: 'keeper', UNDERSTORY_PASSWORD: 'lanterns over the water' };
    const passwords = { keeper: steward.UNDERSTORY_PASSWORD, sophea: 'one boat before noon', dara: 'two boats before noon', lead: 'three boats before noon' };
    for (const [account, role] of [['keeper', 'steward'], ['lead', 'researcher'], ['sophea', 'coder'], ['dara', 'coder']])
      execFileSync(understory, ['account', 'new', '-w', workspace, account, '--role', role, '--password'],
        { stdio: 'ignore', env: { ...process.env, ...(account === 'keeper' ? {} : steward), UNDERSTORY_NEW_PASSWORD: passwords[account] } });
    const base = await serve(workspace);
    const { page, wrong, close } = await open(base, size);
    const key = (...names) => names.reduce((before, name) => before.then(() => page.keyboard.press(name)), Promise.resolve());
    // Tab until what has the focus is what is wanted: nobody without a mouse jumps.
    const reach = async (selector, text) => {
      for (let n = 0; n < 150; n++) {
        const there = await page.evaluate(([wantedSelector, wantedText]) => {
          const on = document.activeElement;
          return Boolean(on?.matches(wantedSelector) && (!wantedText || on.textContent.includes(wantedText)));
        }, [selector, text]);
        if (there) return;
        await page.keyboard.press('Tab');
      }
      assert.fail(`no key leads to ${selector} ${text ?? ''}`);
    };
    const enter = async (account) => {
      await page.goto(base + '/sign-in?lang=' + language);
      await reach('form.entry input[name=name]');
      await page.keyboard.type(account);
      await reach('form.entry input[name=password]');
      await page.keyboard.type(passwords[account]);
      await Promise.all([page.waitForNavigation(), key('Enter')]);
      await reach('a[href="/desk"]');
      await Promise.all([page.waitForNavigation(), key('Enter')]);
      await page.locator('.cards a').first().waitFor();
      await reach('.cards a');
      await key('Enter');
    };
    const leave = async () => {
      await reach('.fold:has(form.account) summary');
      await key('Enter');
      await reach('form.account button');
      await Promise.all([page.waitForNavigation(), key('Enter')]);
      assert.equal((await page.goto(base + '/account')).url(), base + '/sign-in');
    };
    const openIt = async () => {
      await page.locator('tr.row a').first().waitFor();
      await reach('tr.row a');
      await key('Enter');
      await turns(page).first().waitFor();
    };
    const code = async (letters) => {
      await reach('.transcript');
      for (const [turn, letter] of letters) {
        await key('Escape', ...Array(turn).fill('ArrowDown'), letter);
        await page.waitForFunction(() => document.querySelector('.on-it li button'));
      }
    };

    // Whoever leads brings the transcript in and has it coded blind.
    await enter('lead');
    await page.locator('h1').first().waitFor();
    await reach('a[href$="/import"]');
    await key('Enter');
    await page.locator('input[type=file]').waitFor();
    await page.locator('input[type=file]').setInputFiles(join(files, 'day.txt'));  // the system's own box
    await reach('form.import button');
    await key('Enter');
    await page.locator('.main-button').waitFor();
    await reach('.main-button');
    await key('Enter');
    await page.locator('.receipts .deeds a').waitFor();
    await reach('.receipts .deeds a');
    await key('Enter');
    await openIt();
    await reach('.deeds button', undefined);
    await key('Enter');
    await page.locator('.note.blind').waitFor();
    await leave();

    await enter('sophea');
    await openIt();
    await look(page, `desk-day-coding-${size}-${language}`, size);
    await code([[2, 'KeyA'], [4, 'KeyB']]);
    await reach('.transcript');
    await key('m');
    await page.keyboard.type('Debt first, then the border.');
    await key('Control+Enter');
    await page.locator('.memo', { hasText: 'Debt first' }).waitFor();
    await leave();

    await enter('dara');
    await openIt();
    assert.equal(await page.locator('.turn .codes li').count(), 0, 'blind');
    await code([[2, 'KeyA'], [6, 'KeyC']]);
    await leave();

    // Compare, read the agreement, settle.
    await enter('lead');
    await openIt();
    await reach('.note.blind button');
    await key('Enter');
    await page.locator('.note.blind').waitFor({ state: 'detached' });
    await reach('.deeds a');
    await key('Enter');
    await page.locator('.differences > li').first().waitFor();
    assert.ok(await page.locator('table tbody tr').count() >= 3, 'agreement on each code');
    await look(page, `desk-day-comparison-${size}-${language}`, size);
    await judge(page, 'the comparison of the day');
    await reach('.differences button');
    await key('Enter');
    await reach('.differences textarea');
    await page.keyboard.type('The words say so themselves.');
    await reach('.differences form button');
    await key('Enter');
    await page.locator('.differences .settled').first().waitFor();
    await leave();
    assert.deepEqual(wrong, []);
    await close();
  });
