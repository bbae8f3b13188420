// A case worker's and a publisher's whole day, from sign-in to sign-out: in English and Khmer, on a phone and a laptop, by
// mouse and by keys alone.
// Started as browsing.mjs says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { accounts, catalogue, judge, look, open, signIn } from './browsing.mjs';
import { asNothing, begin, closed, days, end, example, fromAccount, gone, leadsOn } from './day.mjs';

let base, study, source, submission, submissions;
before(async () => { ({ base, study, source, submission, submissions } = await example()); });

// From the first page to the study at the desk, where whoever may ask finds the findings.
async function toDesk(page, hand, say) {
  await gone(page, hand.press(study.name));
  await leadsOn(page, base);
  await gone(page, hand.press(say('desk.link')));
  await page.locator('.cards a').first().waitFor();
  await hand.press(study.name);
  await page.locator('.sentences li').first().waitFor();
}

async function askBy(page, hand, say, by) {
  await hand.choose(say('desk.by'), by);
  await page.waitForFunction((facet) => decodeURIComponent(location.href).replaceAll('+', ' ').includes(`by ${facet}`), by);
  // The bars of the groups; those that open to words lead on within this question.
  await page.waitForFunction((facet) => {
    const link = document.querySelector('.figures a')?.getAttribute('href');
    return document.querySelectorAll('.figures svg.panel').length > 1 && (link === undefined || link.includes(`by%20${facet}`));
  }, by);
}

async function download(page, hand, form) {
  const [file] = await Promise.all([page.waitForEvent('download', { timeout: 120000 }), hand.press(form)]);
  return readFileSync(await file.path());
}

for (const [size, language, how, by] of days) {
  test(`a case worker’s day: ${size}, ${language}, by ${how}`, async () => {
    const day = await begin(base, size, language, how, accounts.case_worker), { page, hand, say } = day;
    // Numbers, and no words behind them.
    await toDesk(page, hand, say);
    await askBy(page, hand, say, by);
    assert.equal(await page.locator('.figures a').count(), 0);
    await look(page, `day-case-worker-findings-${size}-${language}`, size);
    if (size === 'phone') await judge(page, `findings of a case worker, ${language}`);
    assert.match((await download(page, hand, 'CSV')).toString(), /Poverty|,/);
    await hand.press(say('desk.codebook'));
    await page.locator('.codelist button').first().waitFor();
    assert.equal(await page.getByRole('link', { name: say('desk.sources'), exact: true }).count(), 0);
    await gone(page, hand.press(say('desk.settings')));
    // Forms: those of the study, to be filled in.
    await fromAccount(page, hand, say, 'forms.title');
    assert.equal(await page.locator('main a[href$="/fill"]').count(), 2);
    await leadsOn(page, base);
    // A source that is closed is asked for with a reason, by the number somebody told.
    const path = `/studies/${study.id}/sources/${source}`;
    await closed(page, base, [path, `/api/v1${path}`, `/studies/${study.id}/sources`, `/studies/${study.id}/report.html`, submissions, submission]);
    await fromAccount(page, hand, say, 'glass.title');
    await hand.type('study', study.id);
    await hand.type('source', source);
    await hand.type('reason', 'In haste');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('input[name=reason]:invalid').count(), 1, 'too short a reason stays on the page');
    await hand.type('reason', how === 'keys' ? ': a child may be in danger' : 'In haste: a child may be in danger');
    await gone(page, page.keyboard.press('Enter'));
    assert.ok((await page.textContent('main')).includes(say('glass.was_asked')));
    await look(page, `day-case-worker-asked-${size}-${language}`, size);
    if (size === 'phone') await judge(page, `a source was asked for, ${language}`);
    // Whoever may read it opens it; somebody else who may read it is told, and puts that away.
    const opener = await open(base), told = await open(base);
    await signIn(opener.page, base, accounts.researcher);
    await opener.page.goto(base + '/glass');
    await gone(opener.page, opener.page.locator('.request').first().getByRole('button', { name: catalogue('en').glass.open }).click());
    await signIn(told.page, base, accounts.coder);
    await told.page.locator('form.notice').waitFor();
    await gone(told.page, told.page.locator('form.notice button').click());
    assert.equal(new URL(told.page.url()).pathname, '/glass');
    assert.equal(await told.page.locator('form.notice').count(), 0);
    assert.match(await told.page.locator('.request').first().textContent(), new RegExp(accounts.case_worker.name));
    await told.close();
    await opener.close();
    // It is read, ended, and closed again.
    await fromAccount(page, hand, say, 'glass.title');
    await gone(page, hand.press(say('glass.look')));
    assert.match(await page.textContent('main'), /[\u1780-\u17ff]{8}/, 'the words as they were told');
    const through = page.url();
    await look(page, `day-case-worker-glass-${size}-${language}`, size);
    if (size === 'phone') await judge(page, `a source through the glass, ${language}`);
    await fromAccount(page, hand, say, 'glass.title');
    await gone(page, hand.press(say('glass.end')));
    assert.ok((await page.textContent('main')).includes(say('glass.was_ended')));
    await closed(page, base, [new URL(through).pathname], [404]);
    await asNothing(page, base, path, source);
    await end(base, day);
  });

  test(`a publisher’s day: ${size}, ${language}, by ${how}`, async () => {
    const day = await begin(base, size, language, how, accounts.publisher), { page, hand, say } = day;
    await toDesk(page, hand, say);
    await askBy(page, hand, say, by);
    await look(page, `day-publisher-findings-${size}-${language}`, size);
    // The words behind a number; the sources themselves stay closed.
    await hand.press(/item=Causes%2FPoverty/);
    await page.locator('.behind .quotes li').first().waitFor();
    assert.equal(await page.locator('.behind .quotes a').count(), 0, 'no link to a source that is closed');
    if (size === 'phone') await judge(page, `passages of a publisher, ${language}`);
    if (how === 'keys') await page.keyboard.press('Escape');
    else await hand.press(say('desk.close'));
    await page.locator('.behind').waitFor({ state: 'detached' });
    await closed(page, base, [`/studies/${study.id}/sources`, `/studies/${study.id}/sources/${source}`, `/api/v1/studies/${study.id}/sources`, '/audit', '/accounts', submissions, submission]);
    // A finding is kept and put into the report.
    await hand.press(say('desk.keep_finding'));
    const name = `Published by ${by}`;
    await hand.type(say('desk.finding_name'), name);
    await page.keyboard.press('Enter');
    await page.waitForFunction((words) => document.querySelector('.status').textContent.includes(words), name);
    await hand.press(say('desk.kept'));
    const kept = page.locator('.kept > li').filter({ hasText: name });
    await kept.waitFor();
    if (how === 'keys') {
      await page.evaluate((words) => { [...document.querySelectorAll('.kept h2 a')].find((each) => each.textContent.trim() === words).focus(); }, name);
      await hand.press(say('desk.in_report'));
    } else {
      await kept.getByRole('button', { name: say('desk.in_report') }).click();
    }
    await kept.locator('[aria-pressed=true]').waitFor();
    if (size === 'phone') await judge(page, `kept findings of a publisher, ${language}`);
    // The report as it will be, in this language and in another, and its files.
    await hand.press(say('desk.report'));
    const frame = page.frameLocator('iframe.preview'), other = language === 'km' ? 'bn' : 'km';
    await frame.locator(`html[lang=${language}] h2`, { hasText: name }).waitFor();
    await hand.choose(say('desk.language'), other);
    await frame.locator(`html[lang=${other}] h2`, { hasText: name }).waitFor();
    await look(page, `day-publisher-report-${size}-${language}`, size);
    if (size === 'phone') await judge(page, `the report of a publisher, ${language}`);
    // Each file on one of the days.
    const files = { 'laptop en': [['PDF', '%PDF-'], ['CSV', name]], 'phone en': [['HTML', '<!DOCTYPE html>']], 'laptop km': [['XLSX', 'PK']], 'phone km': [['DOCX', 'PK']] };
    for (const [form, starts] of files[`${size} ${language}`])
      assert.equal((await download(page, hand, form)).subarray(0, starts.length).toString(), starts, form);
    await gone(page, hand.press(say('desk.settings')));
    await end(base, day);
  });
}
