// What the browser's tests share: servers and browsers that end with the test however it ends, signing in, and what is
// looked for on every page.
//
// Whoever imports this is started as FILE.mjs UNDERSTORY PACKAGES, where PACKAGES is a folder with node_modules:
// playwright-core and axe-core (scripts/test.sh). With SCREENSHOTS=FOLDER every page looked at is kept as a picture.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { after } from 'node:test';

const [program, packages] = process.argv.slice(2).map((path) => resolve(path));
const wanted = createRequire(join(packages, 'x.js'));
const { chromium } = wanted('playwright-core');
const axe = readFileSync(wanted.resolve('axe-core/axe.min.js'), 'utf8');
const launch = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
};

export const understory = program;
export const root = resolve(import.meta.dirname, '../..');
export const sizes = { phone: { width: 360, height: 740 }, laptop: { width: 1366, height: 768 } };
// Of what is waited for, in milliseconds; the machine may be busy.
export const patience = 20_000;
// Everything a test writes lies here and goes with it.
export const folder = mkdtempSync(join(tmpdir(), `understory-${basename(process.argv[1], '.mjs')}-`));
// The people of the example by role, each with name, role and password.
export const accounts = Object.fromEntries(readFileSync(join(root, 'examples/seven-communities/accounts.csv'), 'utf8')
  .trim().split('\n').slice(1).map((line) => line.split(','))
  .map(([name, role, password]) => [role, { name, role, password }]));
// What the program says in a language, by key.
export const catalogue = (language) => JSON.parse(readFileSync(join(root, 'languages', language + '.json'), 'utf8'));

const servers = new Map(), contexts = new Set();
let browser;

// A test that fails leaves nothing behind that would keep this process alive.
after(async () => {
  for (const context of contexts) await context.close().catch(() => {});
  await browser?.close();
  for (const server of servers.values()) server.kill();
  rmSync(folder, { recursive: true, force: true });
});

// The address of a server of that workspace.
export async function serve(workspace, listen = '127.0.0.1:0') {
  const server = spawn(understory, ['serve', '-w', workspace, '--listen', listen], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  for await (const piece of server.stdout) {
    said += piece;
    const found = said.match(/http:\/\/127\.0\.0\.1:\d+/);
    if (!found) continue;
    servers.set(found[0], server);
    return found[0];
  }
  throw new Error('the server ended: ' + said);
}

// Ends the server of that address, and waits until it has ended.
export async function stop(address) {
  const server = servers.get(address);
  servers.delete(address);
  await new Promise((ended) => { server.on('exit', ended); server.kill(); });
}

function watched(context, page, base) {
  contexts.add(context);
  context.on('close', () => contexts.delete(context));
  page.setDefaultTimeout(patience);
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) =>
    message.type() === 'error' && !/status of [45]\d\d|ERR_/.test(message.text()) && wrong.push(message.text()));
  page.on('request', (request) =>
    !/^(data|blob):/.test(request.url()) && !request.url().startsWith(base) && wrong.push('asks elsewhere: ' + request.url()));
  return { page, wrong, context, close: () => context.close() };
}

// A browser of its own, as one person has it, for the server at `base`. Whatever goes wrong in it, or is asked for
// elsewhere, is kept in `wrong`.
export async function open(base, size = 'laptop', options = {}) {
  browser ??= await chromium.launch(launch);
  const context = await browser.newContext({ viewport: sizes[size], ...options });
  return watched(context, await context.newPage(), base);
}

// The same with a profile that outlives it: what somebody's own phone keeps.
export async function openProfile(base, profile, options = {}) {
  const context = await chromium.launchPersistentContext(profile, { ...launch, viewport: sizes.phone, locale: 'en', ...options });
  return watched(context, context.pages()[0] ?? await context.newPage(), base);
}

// Clicks, and waits for the page that answers.
export async function submit(page, button) {
  await Promise.all([page.waitForNavigation(), button.click()]);
}

export async function signIn(page, base, { name, password }) {
  await page.goto(base + '/sign-in');
  await page.fill('form.entry input[name=name]', name);
  await page.fill('form.entry input[name=password]', password);
  await submit(page, page.locator('form.entry button'));
}

// Nothing is wider than the screen, the head leaves most of a phone to the page, and no word is missing.
export async function look(page, what, size, { whole = false, picture = true } = {}) {
  const seen = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    text: document.body.innerText,
    head: document.querySelector('body > header, #desk > header')?.getBoundingClientRect().height ?? 0,
    out: [...document.querySelectorAll('body *')].filter((each) => {
      if (each.closest('.scroll, svg, .skip, .hidden, details:not([open]), dialog')) return false;
      const box = each.getBoundingClientRect();
      return box.width > 0 && box.right > document.documentElement.clientWidth + 1;
    }).map((each) => `${each.tagName} ${each.className}: ${each.textContent.slice(0, 40)}`),
  }));
  assert.ok(seen.wide <= 0, `${what}: ${seen.wide} pixels wider than a ${size}`);
  assert.deepEqual(seen.out, [], `${what}: sticks out of a ${size}`);
  assert.ok(size !== 'phone' || seen.head <= 190, `${what}: its head takes ${seen.head} of 740 pixels`);
  assert.ok(!seen.text.includes('⟦'), `${what}: a word is missing: ${/⟦.*?⟧/.exec(seen.text)}`);
  if (!process.env.SCREENSHOTS || !picture) return;
  mkdirSync(process.env.SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.SCREENSHOTS, what.replace(/[^a-z0-9-]+/gi, '_') + '.png'), fullPage: whole });
}

// What axe-core finds wrong for people who do not use a mouse or a screen.
export async function judge(page, what) {
  await page.evaluate(axe);  // by the debugger: the page's own policy holds
  const found = await page.evaluate(async () => (await window.axe.run({
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
  })).violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 200)}`));
  assert.deepEqual(found, [], what);
}
