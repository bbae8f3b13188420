// An enumerator's and a reporter's whole day, from sign-in to sign-out: in English and Khmer, on a phone and a laptop, by
// mouse and by keys alone.
// Started as browsing.mjs says.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { accounts, judge, look } from './browsing.mjs';
import { asNothing, begin, closed, days, end, example, fromAccount, gone, leadsOn } from './day.mjs';

// The words of the example's form about a household, as whoever asks hears them.
const asked = {
  en: { form: 'Local experiences: household', community: 'Community', prey: 'Svay Rieng: Prey Andaung', village: 'Village', doun: 'Doun Sar', language: 'Language of the conversation', khmer: 'Khmer',
    code: 'Your code as interviewer', private: 'Can you talk here', adult: 'Are you 18', consent: 'Do you want to take part?', yes: 'Yes', no: 'No', wrong: 'Letters, digits and hyphens only, at most 12.' },
  km: { form: 'Local experiences: household', community: 'សហគមន៍', prey: 'ព្រៃអណ្ដូង', village: 'ភូមិ', doun: 'ដូនស', language: 'ភាសាដែលប្រើ', khmer: 'ភាសាខ្មែរ',
    code: 'លេខកូដរបស់អ្នកសម្ភាសន៍', private: 'តើនៅទីនេះអាច', adult: 'តើអ្នកមានអាយុ ១៨', consent: 'តើអ្នកចង់ចូលរួមទេ?', yes: 'បាទ/ចាស', no: 'ទេ', wrong: 'តែអក្សរឡាតាំង លេខ និងសញ្ញា - ប៉ុណ្ណោះ យ៉ាងច្រើន ១២។' },
};

let base, study, source, submission, submissions;
before(async () => { ({ base, study, source, submission, submissions } = await example()); });

// What whoever only fills forms in must find closed: stories, findings, and what others sent.
const stories = () => [`/studies/${study.id}/sources`, `/studies/${study.id}/sources/${source}`, `/studies/${study.id}/findings/causes`,
  `/studies/${study.id}/findings/causes/passages?item=Causes%2FPoverty`, `/studies/${study.id}/report.html`, submissions, submission, submission + '/edit',
  `/api/v1/studies/${study.id}/sources`, `/api/v1/studies/${study.id}/sources/${source}`, '/accounts', '/audit', '/backups', '/devices'];

// A page of the form as it is after `button`: what is amiss is read first.
async function sendAgain(page, hand, button) {
  await gone(page, hand.press(button));
  await page.locator('.fill').waitFor();
}

for (const [size, language, how] of days) {
  test(`an enumerator’s day: ${size}, ${language}, by ${how}`, async () => {
    const day = await begin(base, size, language, how, accounts.enumerator), { page, hand, say } = day, its = asked[language];
    // What they come for stands on the first page, not folded away alone.
    assert.equal(await page.locator('main a[href="/forms"]').count(), 1);
    await gone(page, hand.press(study.name));
    await look(page, `day-enumerator-study-${size}-${language}`, size);
    await leadsOn(page, base);
    await fromAccount(page, hand, say, 'forms.title');
    await leadsOn(page, base);
    if (size === 'phone') await judge(page, `forms of an enumerator, ${language}`);
    // The plain page, with something wrong first: it says what, keeps the rest, and what is mended is sent.
    const address = await page.locator('main tr').filter({ hasText: its.form }).locator('a[href$="/fill"]').getAttribute('href');
    await gone(page, hand.press(new RegExp(`${address}$`)));
    await hand.tick(its.community, its.prey);
    await hand.tick(its.language, its.khmer);
    await hand.type(its.code, 'Sok Dara!');
    await hand.tick(its.private, its.yes);
    await sendAgain(page, hand, say('fill.send'));
    await page.waitForFunction(() => document.activeElement.id === 'amiss');
    assert.match(await page.textContent('#amiss'), new RegExp(its.wrong.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
    await look(page, `day-enumerator-amiss-${size}-${language}`, size);
    if (size === 'phone') await judge(page, `a form with something wrong, ${language}`);
    const code = page.locator('[name="/data/interviewer"]');
    assert.equal(await code.inputValue(), 'Sok Dara!', 'what was typed is kept');
    // From what is amiss to the box itself, and what stands there is typed over.
    await hand.press(new RegExp(`^${its.code}`));
    assert.equal(await code.evaluate((each) => each === document.activeElement), true, 'the summary leads to the box');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('E-07');
    await hand.tick(its.village, its.doun);
    await hand.tick(its.adult, its.yes);
    await sendAgain(page, hand, say('fill.check'));
    await hand.tick(its.consent, its.no);
    await gone(page, hand.press(say('fill.send')));
    assert.equal((await page.textContent('h1')).trim(), say('fill.sent'));
    const receipt = (await page.textContent('.note code')).trim();
    assert.ok(receipt.length > 8, 'a number to ask about it');
    await look(page, `day-enumerator-sent-${size}-${language}`, size);
    if (size === 'phone') await judge(page, `a receipt, ${language}`);
    await leadsOn(page, base);

    // The page that works by script: a draft is kept under a passphrase, found again, and sent.
    await gone(page, hand.press(say('fill.another')));
    await gone(page, hand.press(say('engine.link')));
    await page.locator('.questions .asked').first().waitFor();
    await hand.press(say('engine.kept'));
    await hand.type(say('engine.passphrase'), 'geese on the dike');
    if (how === 'keys') await page.keyboard.press('Tab');
    if (how === 'keys') await page.keyboard.type('geese on the dike');
    else await page.locator('#kept input[type=password]').nth(1).fill('geese on the dike');
    await page.keyboard.press('Enter');
    await page.locator('#kept .wipe').waitFor();
    await hand.tick(its.community, its.prey);
    await hand.type(its.code, 'E-07');
    await page.locator('#kept .kept-draft').waitFor();
    await look(page, `day-enumerator-draft-${size}-${language}`, size);
    if (size === 'phone') await judge(page, `a draft that is kept, ${language}`);
    await page.waitForTimeout(1500);  // it is kept while nothing is written for a moment
    await page.reload();
    await page.locator('.questions .asked').first().waitFor();
    await hand.press(say('engine.kept'));
    await page.locator('#kept input[type=password]').waitFor();
    await hand.type(say('engine.passphrase'), 'geese on the dike');
    await page.keyboard.press('Enter');
    await page.locator('#kept .kept-draft').waitFor();
    await hand.press(say('engine.go_on'));
    await page.waitForFunction(() => document.querySelector('.questions input[type=text], .questions input:not([type])')?.value === 'E-07');
    await hand.tick(its.village, its.doun);
    await hand.tick(its.language, its.khmer);
    await hand.tick(its.private, its.yes);
    await hand.tick(its.adult, its.yes);
    await hand.tick(its.consent, its.no);
    await hand.press(say('engine.send'));
    await page.locator('.receipt code').waitFor();
    assert.notEqual((await page.textContent('.receipt code')).trim(), receipt);
    assert.equal(await page.locator('#kept .kept-draft, #kept .kept-waiting').count(), 0, 'what was sent is kept here no more');
    // Whoever sends does not read what was sent, their own neither, nor any story.
    await closed(page, base, stories());
    await asNothing(page, base, `/api/v1/studies/${study.id}/sources/${source}`, source);
    await asNothing(page, base, submission, submission.split('/').at(-1));
    assert.deepEqual((await (await page.request.get(`${base}/api/v1/studies`)).json()).studies.map((each) => each.id), [study.id]);
    await end(base, day);
  });

  test(`a reporter’s day: ${size}, ${language}, by ${how}`, async () => {
    const day = await begin(base, size, language, how, accounts.reporter), { page, hand, say } = day;
    // No study is open, and it says so; what whoever made the workspace would type is not for them.
    assert.ok((await page.textContent('main')).includes(say('page.no_open_studies')));
    assert.equal(await page.locator('main pre').count(), 0);
    await look(page, `day-reporter-studies-${size}-${language}`, size);
    if (size === 'phone') await judge(page, `no study is open, ${language}`);
    await leadsOn(page, base);
    await hand.press(say('account.mine'));
    assert.deepEqual(await page.locator('form.account a').evaluateAll((all) => all.map((each) => each.getAttribute('href'))), ['/account', '/languages', '/glass'], 'what is offered is open');
    // The forms they may fill in: none yet, and it says so.
    await page.goto(`${base}/forms`);
    assert.ok((await page.textContent('main')).includes(say('forms.none')));
    await gone(page, hand.press('Understory'));
    // Their own account, with what they may do.
    await hand.press(say('account.mine'));
    await gone(page, hand.press(/\/account$/));
    assert.ok((await page.textContent('main')).includes(say('role.reporter')));
    await look(page, `day-reporter-account-${size}-${language}`, size);
    if (size === 'phone') await judge(page, `an account, ${language}`);
    await closed(page, base, [`/studies/${study.id}`, `/studies/${study.id}/codebook`, `/api/v1/studies/${study.id}`, ...stories()]);
    await page.goto(`${base}/desk`);
    await page.getByText(say('desk.no_studies')).waitFor();
    await page.goto(`${base}/`);
    await end(base, day);
  });
}
