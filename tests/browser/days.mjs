// A programme lead's and a steward's whole day, from sign-in to sign-out: in English and Khmer, on a phone and a laptop, by
// mouse and by keys alone.
// Started as browsing.mjs says.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { accounts, judge, look, open, signIn } from './browsing.mjs';
import { begin, days, end, example, fromAccount, gone } from './day.mjs';

let base;
before(async () => { ({ base } = await example()); });

for (const [size, language, how, by] of days) {
  test(`a programme lead’s day: ${size}, ${language}, by ${how}`, async () => {
    const day = await begin(base, size, language, how, accounts.programme_lead), { page, hand, say } = day;
    await gone(page, hand.press(say('desk.link')));
    await page.locator('.cards a').first().waitFor();
    await hand.press((await page.locator('.cards a').first().textContent()).trim());
    await page.locator('.sentences li').first().waitFor();
    await hand.choose(say('desk.by'), by);
    await page.waitForFunction((facet) => decodeURIComponent(location.href).replaceAll('+', ' ').includes(`by ${facet}`), by);
    await page.waitForFunction((facet) => document.querySelector('.figures a')?.getAttribute('href').includes(`by%20${facet}`), by);
    await look(page, `day-lead-findings-${size}-${language}`, size);
    // The words behind a number, and what speaks against it.
    await hand.press(/item=Causes%2FPoverty/);
    await page.locator('.behind .quotes li').first().waitFor();
    await hand.press(say('desk.against'));
    await page.waitForFunction(() => document.querySelector('.behind [aria-pressed=true] ~ button') === null && !document.querySelector('.behind [role=status]') && document.querySelector('.behind .quotes'));
    if (size === 'phone') await judge(page, `what speaks against it, ${language}`);
    if (how === 'keys') await page.keyboard.press('Escape');
    else await hand.press(say('desk.close'));
    await page.locator('.behind').waitFor({ state: 'detached' });
    // Kept, reviewed by somebody else, and in the report.
    await hand.press(say('desk.keep_finding'));
    const name = `Poverty by ${by}`;
    await hand.type(say('desk.finding_name'), name);
    await page.keyboard.press('Enter');
    await page.waitForFunction((words) => document.querySelector('.status').textContent.includes(words), name);
    await hand.press(say('desk.kept'));
    const kept = page.locator('.kept > li').filter({ hasText: name });
    await kept.waitFor();
    const before = await page.locator('.kept > li').count();
    assert.ok((await kept.textContent()).includes(say('desk.review_own')), 'nobody reviews what they kept');
    const other = await open(base);
    await signIn(other.page, base, accounts.researcher);
    await other.page.goto(page.url());
    const theirs = other.page.locator('.kept > li').filter({ hasText: name });
    await theirs.getByRole('button', { name: 'Mark as reviewed' }).click();
    await theirs.getByText(accounts.researcher.name).waitFor();
    await other.close();
    await page.reload();
    await kept.getByText(accounts.researcher.name).waitFor();
    // It is the last of them, so it is the last of such buttons, too: go to its name first.
    if (how === 'keys') {
      await page.evaluate((words) => { [...document.querySelectorAll('.kept h2 a')].find((each) => each.textContent.trim() === words).focus(); }, name);
      await hand.press(say('desk.in_report'));
    } else {
      await kept.getByRole('button', { name: say('desk.in_report') }).click();
    }
    await kept.locator('[aria-pressed=true]').waitFor();
    assert.equal(await page.locator('.kept > li').count(), before);
    await look(page, `day-lead-kept-${size}-${language}`, size);
    // The report, in this language, and its file.
    await hand.press(say('desk.report'));
    await page.frameLocator('iframe.preview').locator('h2', { hasText: name }).waitFor();
    await look(page, `day-lead-report-${size}-${language}`, size);
    const [download] = await Promise.all([page.waitForEvent('download', { timeout: 120000 }), hand.press('DOCX')]);
    assert.equal(download.suggestedFilename(), 'report.docx');
    // What was done stands in the log.
    await gone(page, hand.press(say('desk.settings')));
    await fromAccount(page, hand, say, 'audit.title');
    assert.ok((await page.textContent('main')).includes(say('right.keep_findings')));
    await end(base, day);
  });

  test(`a steward’s day: ${size}, ${language}, by ${how}`, async () => {
    const day = await begin(base, size, language, how, accounts.steward), { page, hand, say } = day;
    // Somebody new is invited.
    await fromAccount(page, hand, say, 'accounts.title');
    await hand.type('name', `new.${by.replace('_', '.')}`);
    await gone(page, page.keyboard.press('Enter'));
    assert.match(await page.textContent('main'), /\/invitations\//);
    // What would the coder see, and why?
    await gone(page, hand.press(accounts.coder.name));
    await gone(page, hand.press(say('sees.link')));
    const seen = await page.textContent('main');
    assert.ok(seen.includes(say('right.read_source')) && seen.includes(say('role.coder')), 'rights with their reasons');
    assert.match(seen, /\d+/);
    await look(page, `day-steward-sees-${size}-${language}`, size);
    await judge(page, `what somebody would see, ${size} ${language}`);
    // Phones, backups, the log.
    for (const place of ['devices.title', 'backups.title', 'audit.title']) {
      await fromAccount(page, hand, say, place);
      assert.equal((await page.textContent('h1')).trim(), say(place));
    }
    assert.ok((await page.textContent('main')).includes(say('right.manage_accounts')));
    // No story is open to whoever keeps the machine.
    assert.equal(await page.goto(`${base}/api/v1/studies`).then((answer) => answer.json()).then(({ studies }) => studies.length), 0);
    await page.goto(`${base}/?lang=${language}`);
    await end(base, day);
  });
}
