// Two ways to go about a page, with the same words: by mouse, and by keys alone.
import assert from 'node:assert/strict';

// On, with Tab, to what has these words (or fits the pattern) in its text, label, name or address; or, where `wanted` is
// { group }, to a box of the question of those words. Whoever sees must see where they are.
export async function tabTo(page, wanted, most = 400) {
  for (let step = 0; step < most; step++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      const label = one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? '';
      const style = getComputedStyle(one), box = one.getBoundingClientRect();
      return { text: one instanceof HTMLSelectElement ? '' : one.textContent.trim(), label: label.trim(), name: one.getAttribute('name') ?? '', address: one.getAttribute('href') ?? '',
        group: one.matches('[type=radio], [type=checkbox]') ? one.closest('fieldset')?.querySelector('legend')?.textContent.trim() ?? '' : '',
        seen: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none' || box.width === 0 };
    });
    const fits = at && (wanted instanceof RegExp ? wanted.test(`${at.text}\n${at.label}\n${at.address}`)
      : wanted.group ? at.group.startsWith(wanted.group) : at.text === wanted || at.label.startsWith(wanted) || at.name === wanted);
    if (!fits) continue;
    assert.ok(at.seen, `whoever tabs to “${wanted.group ?? wanted}” sees it`);
    return;
  }
  assert.fail(`no Tab leads to ${wanted.group ?? wanted}`);
}

// What has the focus is a list: to the choice of that value, by its keys.
async function chooseByKeys(page, value) {
  const [from, to] = await page.evaluate((wanted) => {
    const one = document.activeElement, open = [...one.options].filter((each) => !each.disabled);
    return [open.indexOf(one.selectedOptions[0]), open.findIndex((each) => each.value === wanted)];
  }, value);
  assert.ok(to >= 0, `there is no choice “${value}”`);
  for (let at = from; at !== to; at += Math.sign(to - from)) await page.keyboard.press(to > at ? 'ArrowDown' : 'ArrowUp');
}

// What has the focus is one of several boxes: the one of those words is ticked, as its keys do that.
async function tickByKeys(page, choice) {
  for (let step = 0; step < 40; step++) {
    const [words, ticked, one] = await page.evaluate(() => {
      const at = document.activeElement;
      return [at.labels?.[0]?.textContent.trim(), at.checked, at.type === 'radio'];
    });
    if (words === choice && ticked) return;
    await page.keyboard.press(words === choice ? 'Space' : one ? 'ArrowDown' : 'Tab');
  }
  assert.fail(`no key leads to the choice “${choice}”`);
}

export const byKeys = (page) => ({
  press: async (wanted) => { await tabTo(page, wanted); await page.keyboard.press('Enter'); },
  // A field that has the keys already is typed into.
  type: async (field, text) => {
    const there = typeof field === 'string' && await page.evaluate((words) => document.activeElement?.labels?.[0]?.textContent.trim().startsWith(words) ?? false, field);
    if (!there) await tabTo(page, field);
    await page.keyboard.type(text);
  },
  choose: async (label, value) => { await tabTo(page, label); await chooseByKeys(page, value); },
  tick: async (question, choice) => { await tabTo(page, { group: question }); await tickByKeys(page, choice); },
});

const exactly = (words) => new RegExp(`^\\s*${words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`);
// The first link that fits in its words or its address.
async function clickOn(page, pattern) {
  for (const each of await page.$$('a')) {
    const said = await each.evaluate((one) => `${one.textContent}\n${one.getAttribute('href') ?? ''}`);
    if (pattern.test(said) && await each.isVisible()) return each.click({ noWaitAfter: true });
  }
  assert.fail(`nothing fits ${pattern}`);
}
export const byMouse = (page) => ({
  press: (wanted) => wanted instanceof RegExp ? clickOn(page, wanted)
    : page.locator('a, button:not([tabindex="-1"]), summary').filter({ hasText: exactly(wanted), visible: true }).first().click({ noWaitAfter: true }),  // what is downloaded may take its time
  type: (field, text) => page.locator(`[name="${field}"]`).or(page.locator('label').filter({ hasText: field }).locator('input, textarea'))
    .or(page.locator('.q, .asked').filter({ has: page.locator('label', { hasText: field }) }).locator('input:not([type=hidden]), textarea')).first().fill(text),
  choose: (label, value) => page.locator('label').filter({ hasText: label }).locator('select').first().selectOption(value),
  tick: (question, choice) => page.locator('fieldset').filter({ has: page.locator('legend', { hasText: question }) }).locator('label').filter({ hasText: exactly(choice) }).first().click(),
});
