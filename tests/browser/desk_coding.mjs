// Coding at the desk: by mouse and by keys alone, words that are hidden, what leads to what, what the machine coder suggests.
// Started as browsing.mjs says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { accounts, folder, judge, look, open, serve, signIn, understory } from './browsing.mjs';
import { begin } from './desk_begin.mjs';

let example, study, openSource;
before(async () => { ({ example, study, openSource } = await begin()); });

test('a coder codes by keys alone, in Khmer text, and takes it back', async () => {
  const { page, wrong, close } = await open(example);
  await signIn(page, example, accounts.coder);
  await openSource(page);
  const key = (name) => page.keyboard.press(name);
  await page.locator('.transcript').focus();
  await key('ArrowDown');
  await key('ArrowDown');  // the first answer
  await key('ArrowRight');
  const word = await page.textContent('#chosen-now');
  assert.match(word, /[\u1780-\u17ff]/, 'a Khmer word is chosen');
  await key('Shift+ArrowRight');
  const two = await page.textContent('#chosen-now');
  assert.ok(two.length > word.length && two.startsWith(word));
  await key('Shift+ArrowLeft');
  assert.equal(await page.textContent('#chosen-now'), word, 'what was taken too many goes again');
  await key('Alt+ArrowRight');
  const sentence = await page.textContent('#chosen-now');
  assert.ok(sentence.length > word.length);

  // A letter puts its code on, whichever script the keyboard writes.
  const before = await page.locator('.on-it li').count();
  await page.locator('.transcript').dispatchEvent('keydown', { code: 'KeyA', key: 'ា' });
  await page.waitForFunction((n) => document.querySelectorAll('.on-it li').length === n, before + 1);
  await page.waitForFunction(() => document.querySelector('.status').textContent.includes('“'));
  // It is there for whoever comes later, read as text.
  await openSource(page);
  const mine = page.locator('.passages');
  await mine.locator('summary').click();
  await page.locator('.passages tbody tr', { has: page.locator('td:last-child button') }).first().locator('.go').click();
  assert.equal(await page.textContent('#chosen-now'), sentence);
  await page.locator('.transcript').focus();
  // It is put back also while the server has not yet heard that it went.
  await page.route('**/codings/*', async (route) => { if (route.request().method() === 'DELETE') await new Promise((done) => setTimeout(done, 700)); await route.continue(); });
  await key('x');
  await page.waitForFunction((n) => document.querySelectorAll('.on-it li').length === n, before);
  await key('u');
  await page.waitForFunction((n) => document.querySelectorAll('.on-it li').length === n, before + 1);
  await page.unroute('**/codings/*');

  // A code by some of its letters.
  await key('ArrowDown');
  const there = await page.locator('.on-it li').count();
  await key('/');
  await page.locator('dialog[open] input').waitFor();
  await page.keyboard.type('debt');
  await judge(page, 'the palette');
  const name = (await page.locator('dialog li[aria-selected=true]').innerText()).split('\n')[0];
  assert.match(name, /debt/i);
  await key('Enter');
  await page.waitForFunction((n) => document.querySelectorAll('.on-it li').length === n, there + 1);
  await key('u');
  await page.waitForFunction((n) => document.querySelectorAll('.on-it li').length === n, there);

  // A memo.
  await key('m');
  await page.keyboard.type('Debt before the border, again.');
  await key('Control+Enter');
  await page.locator('.memo', { hasText: 'Debt before the border' }).waitFor();
  // Search.
  await page.locator('.transcript').focus();
  await key('s');
  await page.keyboard.type('ជំពាក់');
  await key('Enter');
  assert.equal(await page.textContent('#chosen-now'), 'ជំពាក់');
  assert.deepEqual(wrong, []);
  await close();
});

for (const [size, language] of [['laptop', 'en'], ['phone', 'km']])
  test(`words are hidden, looked beneath and shown again by keys alone, on a ${size} in ${language}`, async () => {
    const { page, wrong, close } = await open(example, size);
    const other = await open(example);
    await signIn(page, example, accounts.researcher);
    await signIn(other.page, example, accounts.coder);
    await openSource(page, language);
    await openSource(other.page);
    const key = (name) => page.keyboard.press(name);
    await page.locator('.transcript').focus();
    for (const each of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'Shift+ArrowRight']) await key(each);
    const hidden = await page.textContent('#chosen-now');
    await key('Shift+KeyM');
    await page.locator('dialog[open] select').waitFor();
    await page.keyboard.press('ArrowDown');  // a place
    await judge(page, 'hiding words');
    await look(page, `desk-mask-${size}-${language}`, size);
    await key('Tab');
    await page.keyboard.type('a village');
    await key('Enter');
    await page.locator('.said', { hasText: '[a village]' }).first().waitFor();
    assert.equal((await page.textContent('.transcript')).includes(hidden), false, 'it is on the page no more');
    await judge(page, 'a source with a mask');
    // Whoever has the same source open sees it go, and cannot bring it back.
    await other.page.locator('.said', { hasText: '[a village]' }).first().waitFor();
    await other.page.locator('.masks summary').click();
    assert.equal(await other.page.locator('.masks .deeds button').count(), 0);
    const got = await other.page.evaluate(async (path) => (await fetch(path)).text(), `/api/v1/studies/${study.id}/sources/${study.source}`);
    assert.equal(got.includes(hidden), false, 'nor does it come over the wire');
    // Coding a stretch over it goes on as before.
    await page.locator('.transcript').focus();
    await key('Shift+ArrowRight');
    await key('KeyB');
    await page.locator('.on-it li button').first().waitFor();
    await key('u');
    await page.locator('.masks summary').focus();
    await key('Enter');
    await page.locator('.masks li', { hasText: 'a village' }).locator('.deeds button').first().focus();
    await key('Enter');
    await page.locator('.masks .beneath', { hasText: hidden }).waitFor();
    await page.locator('.masks li', { hasText: 'a village' }).locator('.deeds button').last().focus();
    await key('Enter');
    await page.locator('.said', { hasText: hidden }).first().waitFor();
    await other.page.locator('.said', { hasText: hidden }).first().waitFor();
    assert.deepEqual([...wrong, ...other.wrong], []);
    await close();
    await other.close();
  });

for (const [size, language] of [['laptop', 'en'], ['phone', 'km']])
  test(`what leads to what is said from passage to passage by keys alone, on a ${size} in ${language}`, async () => {
    const { page, wrong, close } = await open(example, size);
    await signIn(page, example, accounts.coder);
    await openSource(page, language);
    const links = () => page.locator('.links li').count();
    const key = (name) => page.keyboard.press(name);
    const before = await links();
    await page.locator('.transcript').focus();
    for (let turn = 0; turn < 4; turn++) await key('ArrowDown');
    await key('Shift+KeyL');
    await page.locator('.begun').waitFor();
    await key('ArrowDown');
    await key('ArrowDown');
    await key('Shift+KeyL');
    await page.locator('dialog[open] select').first().waitFor();
    await judge(page, 'a link');
    await look(page, `desk-link-${size}-${language}`, size);
    await page.selectOption('dialog[open] select >> nth=0', { index: 1 });
    await page.selectOption('dialog[open] select >> nth=2', { index: 0 });
    await page.locator('dialog[open] button').first().focus();
    await key('Enter');
    await page.waitForFunction((n) => document.querySelectorAll('.links li').length === n, before + 1);
    assert.ok(await page.locator('.turn .codes li.link').count() >= 2, 'it stands at both turns');
    await page.locator('.links summary').focus();
    await key('Enter');
    const own = page.locator('.links li', { has: page.locator('.deeds button') }).first();
    await own.locator('.go').focus();
    await key('Enter');
    await look(page, `desk-links-${size}-${language}`, size);
    await own.locator('.deeds button').focus();
    await key('Enter');
    await page.waitForFunction((n) => document.querySelectorAll('.links li').length === n, before);
    assert.deepEqual(wrong, []);
    await close();
  });

test('words are chosen by mouse and widened to whole words', async () => {
  const { page, wrong, close } = await open(example);
  await signIn(page, example, accounts.coder);
  await openSource(page);
  const drag = async () => {
    const box = await page.evaluate(() => {
      const said = [...document.querySelectorAll('.said')].find((each) => each.textContent.length > 60);
      said.scrollIntoView({ block: 'center' });
      const range = document.createRange(), text = said.firstChild;
      range.setStart(text, 1);
      range.setEnd(text, 9);
      const { left, right, top, bottom } = range.getBoundingClientRect();
      return { left, right, y: (top + bottom) / 2 };
    });
    await page.mouse.move(box.left, box.y);
    await page.mouse.down();
    await page.mouse.move(box.right, box.y, { steps: 4 });
    await page.mouse.up();
    return page.textContent('#chosen-now');
  };
  const whole = await drag();
  await page.getByLabel('choose by letters, not words').check();
  const letters = await drag();
  assert.ok(whole.length >= letters.length && whole.includes(letters), `${whole} holds ${letters}`);
  assert.deepEqual(wrong, []);
  await close();
});

test('without highlights of its own a browser shows marks', async () => {
  const { page, wrong, context, close } = await open(example);
  await context.addInitScript(() => { delete globalThis.Highlight; });
  await signIn(page, example, accounts.coder);
  await openSource(page);
  assert.ok(await page.locator('.said mark').count() > 2);
  await page.locator('.transcript').focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.locator('mark.chosen').count(), 1);
  await page.keyboard.press('KeyA');
  await page.waitForFunction(() => document.querySelector('mark.chosen[class*=code-]'));
  await page.keyboard.press('u');
  assert.deepEqual(wrong, []);
  await close();
});

test('what the machine coder suggests is looked through, taken and declined by keys alone', async () => {
  // A study of its own about two things, each told a little differently in every source: enough to suggest from.
  const workspace = join(folder, 'learning'), files = join(folder, 'learning-files');
  mkdirSync(files);
  const said = {
    'Causes/Poverty/Debt': (n) => `They owe money to the ${['mill', 'shop', 'boat', 'kiln'][n % 4]} owner and the debt grows every ${['month', 'season', 'year'][n % 3]} with the interest.`,
    'Strategies/Awareness': (n) => `The teacher tells the ${['children', 'parents', 'young people', 'mothers'][n % 4]} at school meetings about the danger of ${['brokers', 'false offers', 'strangers'][n % 3]}.`,
  };
  const codings = ['source,coder,code,quote,occurrence'], sources = ['file,source,kind,location,language,date,respondents,translation_of'];
  const respondents = ['respondent,location,kind,size,age_band,gender,role,place,language'];
  for (let n = 0; n <= 16; n++) {
    const told = Object.entries(said).map(([code, words]) => [code, words(n)]);
    writeFileSync(join(files, `s${n}.txt`), ['I: What happens here?', ...told.map(([, words]) => `P-${n}: ${words}`), `P-${n}: It rained in week ${n + 1}.`].join('\n\n') + '\n');
    respondents.push(`P-${n},Here,person,1,25-34,female,farmer,,en`);
    sources.push(`s${n}.txt,S${n},interview,Here,en,2026-02-11,P-${n},`);
    if (n < 16) for (const [code, words] of told) codings.push(`S${n},Anita,${code},"${words}",`);  // the last is left to it
  }
  for (const [table, lines] of Object.entries({ respondents, sources, codings })) writeFileSync(join(files, `${table}.csv`), lines.join('\n') + '\n');
  for (const call of [['init'], ['study', 'new', 'Learning', '--location', 'Here=KH-20'],
    ...['respondents', 'sources', 'codings'].map((table) => ['import', '--study', 'Learning', join(files, `${table}.csv`)]), ['machine', 'learn', '--study', 'Learning']])
    execFileSync(understory, [...call, '-w', workspace], { stdio: 'ignore' });
  const base = await serve(workspace);
  const { page, wrong, close } = await open(base);
  const api = async (path) => (await page.request.get(`${base}/api/v1/studies${path}`)).json();
  const { studies: [{ id }] } = await api('');
  const { sources: list } = await api(`/${id}/sources`);
  const last = list.find((each) => each.name === 'S16').id, { suggestions } = await api(`/${id}/sources/${last}/suggestions`);
  assert.ok(suggestions.length >= 2, `${suggestions.length} suggestions: too little was learnt`);
  await page.goto(`${base}/desk/studies/${id}/sources/${last}?lang=en`);
  await page.locator('.suggestions li').first().waitFor();
  await page.locator('.transcript').focus();
  await page.keyboard.press('Shift+KeyN');
  await page.locator('.suggestions li.now').waitFor();
  assert.ok((await page.textContent('#chosen-now')).length > 2);
  await judge(page, 'suggestions');
  await page.keyboard.press('Shift+KeyD');
  await page.waitForFunction((n) => document.querySelectorAll('.suggestions > ul > li').length === n, suggestions.length - 1);
  await page.keyboard.press('Shift+KeyT');
  await page.locator('.on-it li button').first().waitFor();
  assert.deepEqual(wrong, []);
  await close();
});
