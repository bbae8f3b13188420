// What the days of all roles share: the example, its four ways (on a phone and a laptop, in English and Khmer, by mouse and
// by keys alone), how a day begins and ends, and that no page leads to what is closed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { accounts, catalogue, folder, open, root, serve, signIn, understory } from './browsing.mjs';
import { byKeys, byMouse } from './keys.mjs';

// Of each day its size, its language, how it is gone about, and a facet of its own to split by (a finding is kept once).
export const days = [['laptop', 'en', 'keys', 'gender'], ['phone', 'en', 'mouse', 'role'], ['laptop', 'km', 'mouse', 'language'], ['phone', 'km', 'keys', 'age_band']];

export const word = (language, key) => key.split('.').reduce((at, part) => at[part], catalogue(language));

// A server of the example: its address, its study, and a source and a submission in it, as whoever leads the study knows them.
export async function example() {
  execFileSync(join(root, 'examples/seven-communities/make.sh'), [understory, join(folder, 'example')]);
  const base = await serve(join(folder, 'example'));
  const { page, context, close } = await open(base);
  await signIn(page, base, accounts.researcher);
  const api = async (path) => (await context.request.get(`${base}/api/v1${path}`)).json();
  const { studies: [study] } = await api('/studies');
  const { sources } = await api(`/studies/${study.id}/sources`);
  await page.goto(base + '/forms');
  const lists = await page.locator('main a[href$="/submissions"]').evaluateAll((all) => all.map((each) => each.getAttribute('href')));
  assert.equal(lists.length, 2, 'the example has its two forms: build/pyxform is there');
  await page.goto(base + lists[0]);
  const submission = await page.locator('main tbody th a').first().getAttribute('href');
  await close();
  return { base, study, source: sources.find((each) => each.name === 'SR-01 interview').id, submissions: lists[0], submission };
}

// Signs somebody in, and gives the page, the hand that goes about it, and the words of its language.
export async function begin(base, size, language, how, account) {
  const opened = await open(base, size, { locale: language });
  const { page } = opened;
  const hand = (how === 'keys' ? byKeys : byMouse)(page);
  const say = (key) => word(language, key);
  await page.goto(`${base}/sign-in?lang=${language}`);
  await hand.type('name', account.name);
  await hand.type('password', account.password);
  await gone(page, page.keyboard.press('Enter'));
  return { ...opened, hand, say };
}

export async function gone(page, act) {
  await Promise.all([page.waitForNavigation(), act]);
}

// To what is folded away under somebody's account.
export async function fromAccount(page, hand, say, words) {
  await hand.press(say('account.mine'));
  await gone(page, hand.press(say(words)));
}

export async function end(base, { page, hand, say, wrong, close }) {
  await fromAccount(page, hand, say, 'account.sign_out');
  assert.equal((await page.goto(base + '/account')).url(), base + '/sign-in');
  assert.deepEqual(wrong, []);
  await close();
}

// Whatever this page leads to is open to whoever reads it. (Other languages would stay; what takes long to make is another
// test.)
export async function leadsOn(page, base) {
  const links = await page.locator('body a[href^="/"]').evaluateAll((all) => [...new Set(all.map((each) => each.getAttribute('href')))]);
  for (const link of links.filter((each) => !/[?&]lang=|\/report\./.test(each)))
    assert.equal((await page.request.get(base + link)).status(), 200, `${page.url()} leads to ${link}`);
}

// Each of these is closed to whoever asks.
export async function closed(page, base, addresses, statuses = [403, 404]) {
  for (const address of addresses) {
    const answer = await page.request.get(base + address);
    assert.ok(statuses.includes(answer.status()), `${address}: ${answer.status()}`);
  }
}

// What is closed answers as what never was, to the word, so that nobody learns whether it is there.
export async function asNothing(page, base, address, id) {
  const answers = await Promise.all([address, address.replace(id, '0000000000000')].map((each) => page.request.get(base + each)));
  const [closedOne, absent] = await Promise.all(answers.map(async (each) => `${each.status()} ${(await each.text()).replaceAll(id, '0000000000000')}`));
  assert.match(closedOne, /^40[34] /, address);
  assert.equal(closedOne.replaceAll(/lang=\w+/g, ''), absent.replaceAll(/lang=\w+/g, ''), `${address} answers as what is not there`);
}
