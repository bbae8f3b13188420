// The pages in a real browser: every role of the example, on a phone and a laptop, in every language; what people do
// there with accounts; and what axe-core finds wrong for people who do not use a mouse or a screen.
// Started as browsing.mjs says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { accounts, folder, judge, look as lookAt, open, root, serve, signIn, sizes, submit, understory } from './browsing.mjs';

const questions = ['causes', 'risks', 'strategies', 'trend', 'cooccurrence', 'links', 'agreement', 'saturation'];
const languages = ['en', 'km'];

// These pages run no script.
async function look(page, what, size) {
  await lookAt(page, what, size, { whole: true });
  assert.equal(await page.evaluate(() => document.scripts.length), 0, `${what}: runs a script`);
}

let example;
before(async () => {
  execFileSync(join(root, 'examples/seven-communities/make.sh'), [understory, join(folder, 'example')]);
  example = await serve(join(folder, 'example'));
});

// What each role finds in the menu of the study, and of its own.
const menus = {
  steward: { study: null, own: ['/accounts', '/audit', '/backups', '/devices'] },
  researcher: { study: ['', '/codebook', '/sources', '/findings/causes', '/report.html'], own: [] },
  coder: { study: ['', '/codebook', '/sources', '/findings/causes'], own: [] },
  enumerator: { study: ['', '/codebook'], own: [] },
  case_worker: { study: ['', '/codebook', '/findings/causes'], own: [] },
  programme_lead: { study: ['', '/codebook', '/findings/causes', '/report.html'], own: ['/audit'] },
  publisher: { study: ['', '/codebook', '/findings/causes', '/report.html'], own: [] },
  reporter: { study: null, own: [] },
};

for (const account of Object.values(accounts))
  test(`a ${account.role} sees what that role should see`, async () => {
    for (const size of Object.keys(sizes)) {
      const { page, wrong, close } = await open(example, size);
      await signIn(page, example, account);
      const { study, own } = menus[account.role];
      const found = await page.locator('.cards a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
      assert.equal(found.length, study ? 1 : 0);
      const paths = ['/', '/account', '/glass', '/forms', '/places', '/languages', ...own];
      if (study) {
        await page.goto(example + found[0]);
        const menu = await page.locator('.menu a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
        assert.deepEqual(menu, study.map((part) => found[0] + part));
        paths.push(...menu);
      }
      if (study?.includes('/sources')) {
        await page.goto(example + found[0] + '/sources');
        paths.push(await page.locator('main tbody a').first().getAttribute('href'));
      }
      if (account.role === 'researcher') {
        paths.push('/entities', ...questions.map((ask) => `${found[0]}/findings/${ask}`), `${found[0]}/findings/links?by=gender`);
        await page.goto(`${example}${found[0]}/findings/causes`);
        const bar = await page.locator('svg a').first().getAttribute('href');
        await page.goto(example + bar);
        assert.ok(await page.locator('main mark').count() > 5, 'a bar opens to its passages');
        paths.push(bar);
      }
      // What this role finds behind the forms: filling in, keeping, what was sent and one of it.
      await page.goto(example + '/forms');
      const forms = await page.locator('main tbody a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
      paths.push(...forms.slice(0, 3));
      const list = forms.find((each) => each.endsWith('/submissions'));
      if (list) {
        await page.goto(example + list);
        // Who works in one place alone sees nothing of what came from no place.
        const all = await page.locator('main tbody th a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
        paths.push(...all.slice(0, 1));
        if (account.role === 'researcher')
          paths.push(all[0] + '/edit', list.replace('/submissions', '/mapping'), list + '?list=lacking', list + '?list=waiting');
      }
      for (const path of paths)
        for (const language of languages) {
          const answer = await page.goto(`${example}${path}${path.includes('?') ? '&' : '?'}lang=${language}`);
          assert.equal(answer.status(), 200, path);
          const what = `${account.role}${path.replace(found[0] ?? '-', '/study').replace(/[0-9a-z]{13}/, 'one')}-${size}-${language}`;
          await look(page, what, size);
          if (size === 'phone' && language === 'km' && !path.includes('report')) await judge(page, what);
        }
      for (const path of ['/accounts', '/audit', '/backups', '/devices'].filter((each) => !own.includes(each)))
        assert.equal((await page.goto(example + path)).status(), 403, path);
      await page.goto(example + '/');
      await page.locator('.fold:has(form.account) summary').click();
      await submit(page, page.locator('form.account button'));
      assert.equal((await page.goto(example + '/account')).url(), example + '/sign-in');
      assert.deepEqual(wrong, []);
      await close();
    }
  });

test('a first steward is made in the browser, invites somebody, and excludes them again', async () => {
  const workspace = join(folder, 'new');
  execFileSync(understory, ['init', '-w', workspace]);
  execFileSync(understory, ['study', 'new', '-w', workspace, 'Experiences', '--location', 'Svay Rieng=KH-20']);
  const address = await serve(workspace);
  const steward = await open(address, 'phone');
  const { page } = steward;
  await page.goto(address + '/');
  await submit(page, page.locator('a[href="/set-up"]'));
  const password = 'three rivers meet here';
  await page.fill('input[name=name]', 'keeper');
  await page.fill('input[name=password]', 'password12');
  await page.fill('input[name=again]', 'password12');
  await submit(page, page.locator('form.entry button'));
  assert.match(await page.textContent('[role=alert]'), /password/i);
  await page.fill('input[name=name]', 'keeper');
  await page.fill('input[name=password]', password);
  await page.fill('input[name=again]', password);
  await submit(page, page.locator('form.entry button'));
  await signIn(page, address, { name: 'keeper', password });
  await page.goto(address + '/accounts');
  await page.fill('form.entry input[name=name]', 'Dara');
  await page.selectOption('select[name=role]', 'researcher');
  await submit(page, page.locator('form.entry button'));
  const invitation = await page.textContent('.note code');
  await look(page, 'invited-phone-en', 'phone');

  const invited = await open(address, 'phone', { locale: 'km' });
  await invited.page.goto(address + new URL(invitation, address).pathname);
  await invited.page.fill('input[name=password]', password);
  await invited.page.fill('input[name=again]', password);
  await submit(invited.page, invited.page.locator('form.entry button'));
  await signIn(invited.page, address, { name: 'dara', password: 'not this one' });
  assert.equal(await invited.page.locator('[role=alert]').count(), 1);
  await signIn(invited.page, address, { name: 'dara', password });
  const study = await invited.page.locator('.cards a').first().getAttribute('href');
  assert.equal((await invited.page.goto(address + study)).status(), 200);

  await page.goto(address + '/accounts');
  await submit(page, page.locator('main table a', { hasText: 'dara' }));
  await look(page, 'account-of-phone-en', 'phone');
  await judge(page, 'one account');
  await submit(page, page.locator('form:has(input[value=exclude]) button'));
  assert.equal((await invited.page.goto(address + study)).status(), 404);
  assert.equal((await page.goto(address + study)).status(), 404);  // nor does a steward see it
  await steward.close();
  await invited.close();
});

test('the language is changed by keys alone, without a script', async () => {
  const { page, close } = await open(example, 'phone');
  await page.goto(example + '/sign-in');
  const languages = page.locator('.languages');
  assert.equal(await languages.locator('nav').isVisible(), false);
  await languages.locator('summary').focus();
  await page.keyboard.press('Enter');
  await languages.locator('nav a[lang=km]').waitFor();
  await judge(page, 'the list of languages');
  while (await page.evaluate(() => document.activeElement.lang) !== 'km') await page.keyboard.press('Tab');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  assert.equal(await page.getAttribute('html', 'lang'), 'km');
  await close();
});

test('a form is filled in on a phone, in Khmer, by its keyboard alone', async () => {
  const { page, wrong, close } = await open(example, 'phone', { locale: 'km' });
  await signIn(page, example, accounts.enumerator);
  await page.goto(example + '/forms');
  const fill = page.locator('main a[href$="/fill"]').first();
  if (await fill.count()) {  // the example has forms where pyxform is installed
    await page.goto(example + await fill.getAttribute('href'));
    await look(page, 'fill-phone-km', 'phone');
    await judge(page, 'a form to fill in');
    const box = page.locator('.fill .q > input:not([type=hidden])').first();
    const name = (await box.count()) ? await box.getAttribute('name') : '';
    if (name) await box.fill('៥');
    await page.locator('.fill button[value=send]').focus();
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    // What is amiss is read first: autofocus, which a browser follows once it has drawn.
    await page.waitForFunction(() => document.activeElement.id === 'amiss', null, { timeout: 10000 });
    if (name) assert.match(await page.inputValue(`[name="${name}"]`), /^[5៥]$/);
    await look(page, 'fill-amiss-phone-km', 'phone');
    await judge(page, 'a form that needs another look');
    const other = page.locator('.fill button[value=page_language]').first();
    await submit(page, other);
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    if (name) assert.match(await page.inputValue(`[name="${name}"]`), /^[5៥]$/, 'a change of language keeps what was typed');
  }
  assert.deepEqual(wrong, []);
  await close();
});

test('a phone is enrolled by a code to scan', async () => {
  const { page, wrong, close } = await open(example, 'phone');
  await signIn(page, example, accounts.steward);
  await page.goto(example + '/devices');
  await page.fill('form.entry input[name=name]', 'Tablet 7');
  await submit(page, page.locator('form.entry button'));
  assert.equal(await page.locator('main svg[role=img]').count(), 1);
  await look(page, 'device-phone-en', 'phone');
  await judge(page, 'a phone that was just enrolled');
  await page.goto(example + '/devices');
  await submit(page, page.locator('main table button').first());
  assert.equal(await page.locator('main table button').count(), 0);
  assert.deepEqual(wrong, []);
  await close();
});

test('what somebody searches for stands in no address', async () => {
  const { page, close } = await open(example, 'phone');
  await signIn(page, example, accounts.researcher);
  await page.goto(example + await page.locator('.cards a').first().getAttribute('href') + '/sources');
  const all = await page.locator('main tbody tr').count();
  await page.fill('input[name=words]', 'debt');
  await submit(page, page.locator('form.filters button'));
  const found = await page.locator('main tbody tr').count();
  assert.ok(found > 0 && found < all, `${found} of ${all}`);
  assert.equal(await page.inputValue('input[name=words]'), 'debt');
  assert.ok(!page.url().includes('debt'));
  await page.fill('input[name=words]', '');
  await submit(page, page.locator('form.filters button'));
  await submit(page, page.locator('.pages button').nth(1));
  assert.equal(await page.locator('.pages button[aria-current]').textContent(), '2');
  await close();
});

test('the steward backs up with one button', async () => {
  const { page, close } = await open(example);
  await signIn(page, example, accounts.steward);
  await page.goto(example + '/backups');
  const ask = page.locator('main form button');
  if (await ask.count()) await submit(page, ask);
  // The server begins within half a minute of its start.
  for (let i = 0; i < 90 && !(await page.locator('main table').count()); ++i) {
    await page.waitForTimeout(500);
    await page.reload();
  }
  assert.equal(await page.locator('main table tbody tr').count(), 1);
  assert.equal(await page.locator('main tr.denied').count(), 0);
  await look(page, 'backups-made-laptop-en', 'laptop');
  await close();
});
