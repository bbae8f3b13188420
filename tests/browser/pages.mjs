// Every page in every language: whole on a phone, nothing wrong for people who do not use a mouse or a screen, no script but
// where one belongs; and on a laptop. With SCREENSHOTS=FOLDER (scripts/screens.sh) a picture of each, in a language of
// its own on a phone and in another on a laptop.
// Started as browsing.mjs says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { accounts, folder, judge, look, open, root, serve, signIn, sizes, understory } from './browsing.mjs';

const languages = ['km', 'ne', 'hi', 'bn', 'th', 'vi', 'en'];
const asks = ['causes', 'risks', 'strategies', 'trend', 'cooccurrence', 'links', 'agreement', 'saturation'];

let base;
before(async () => {
  execFileSync(join(root, 'examples/seven-communities/make.sh'), [understory, join(folder, 'example')]);
  base = await serve(join(folder, 'example'));
});

// The first address on that page that fits.
async function first(page, address, fits) {
  await page.goto(base + address);
  const found = await page.locator('main a').evaluateAll((all) => all.map((each) => each.getAttribute('href')));
  const one = found.find((each) => fits.test(each));
  assert.ok(one, `${address} leads to ${fits}`);
  return one;
}

// [its name, its address, who reads it: nobody is whoever has not signed in; of the desk also what shows that it is there]
async function pages() {
  const { page, close } = await open(base);
  await signIn(page, base, accounts.researcher);
  const study = await first(page, '/', /^\/studies\/\w{13}$/);
  const source = await first(page, `${study}/sources`, /\/sources\/\w{13}$/);
  const list = await first(page, '/forms', /\/submissions$/), form = list.replace('/submissions', '');
  const submission = await first(page, list, /^\/submissions\/\w{13}$/);
  await close();
  const keeper = await open(base);
  await signIn(keeper.page, base, accounts.steward);
  const coder = await first(keeper.page, '/accounts', /^\/accounts\/\w{13}$/);
  await keeper.close();
  const of = (who, named) => Object.entries(named).map(([name, address]) => [name, address, who]);
  return [
    ...of('nobody', { 'sign-in': '/sign-in', 'invitation-used': '/invitations/none' }),
    ...of('researcher', {
      studies: '/', account: '/account', glass: '/glass', forms: '/forms', places: '/places', 'places-in-one': '/places?under=KH',
      languages: '/languages', entities: '/entities', jobs: '/jobs', 'not-there': '/studies/none',
      study, codebook: `${study}/codebook`, machine: `${study}/machine`, sources: `${study}/sources`, source, 'source-erase': `${source}/erase`,
      'source-looks': `${source}/looks`, passages: `${study}/findings/causes/passages?group=(all)&item=Causes%2FPoverty`,
      report: `${study}/report.html`, form, fill: `${form}/fill`, submissions: list, mapping: `${form}/mapping`,
      submission, 'submission-edit': `${submission}/edit`, 'submission-erase': `${submission}/erase`, 'submission-looks': `${submission}/looks`,
      ...Object.fromEntries(asks.map((ask) => [`finding-${ask}`, `${study}/findings/${ask}`])),
    }),
    ...of('steward', { accounts: '/accounts', 'account-of': coder, sees: `${coder}/sees`, audit: '/audit', backups: '/backups', devices: '/devices' }),
    ...Object.entries({
      import: ['/import', 'input[type=file]'], comparison: [source.replace(study, '') + '/comparison', 'main table, main .empty'], kept: ['/findings/kept', '.empty, .kept'],
      report: ['/report', 'main:not(:has(p[role=status])) iframe.preview'],
    }).map(([name, [address, ready]]) => [`desk-${name}`, `/desk${study}${address}`, 'researcher', ready]),
  ];
}

test('every page is whole in every language, and nobody is shut out of it', async () => {
  const all = await pages();
  for (const size of Object.keys(sizes))
    for (const who of ['nobody', 'researcher', 'steward']) {
      const { page, wrong, close } = await open(base, size);
      if (who !== 'nobody') await signIn(page, base, accounts[who]);
      for (const [at, [name, address, reader, ready]] of all.entries()) {
        if (reader !== who) continue;
        // A laptop has room: what is whole on a phone is looked at there in two languages, one of them English or Khmer.
        const pictured = languages[(at + (size === 'phone' ? 0 : 3)) % languages.length];
        for (const language of size === 'phone' ? languages : new Set([pictured, at % 2 ? 'en' : 'km'])) {
          const answer = await page.goto(`${base}${address}${address.includes('?') ? '&' : '?'}lang=${language}`);
          const status = { 'invitation-used': 410, 'not-there': 404 }[name] ?? 200;
          assert.equal(answer.status(), status, `${name} ${language}`);
          if (ready) await page.locator(ready).first().waitFor();
          else assert.equal(await page.evaluate(() => document.scripts.length), 0, `${name}: runs a script`);
          assert.equal(await page.getAttribute('html', 'lang'), language, name);
          const what = `${name}-${size}-${language}`;
          await look(page, what, size, { picture: language === pictured });
          if (size === 'phone') await judge(page, what);
        }
      }
      assert.deepEqual(wrong, []);
      await close();
    }
});
