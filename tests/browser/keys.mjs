// Going about by keys alone.
import assert from 'node:assert/strict';

// On, with Tab, to what has these words (or fits the pattern); it must be seen to have the focus.
export async function tabTo(page, wanted, most = 120) {
  for (let step = 0; step < most; step++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      const label = one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? '';
      const style = getComputedStyle(one), box = one.getBoundingClientRect();
      return { text: `${one.textContent.trim().slice(0, 200)} ${label.trim()} ${one.getAttribute('name') ?? ''} ${one.getAttribute('href') ?? ''}`,
        seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none' || box.width === 0 };
    });
    if (at && (wanted instanceof RegExp ? wanted.test(at.text) : at.text.includes(wanted))) {
      assert.ok(at.seen, `whoever tabs to “${wanted}” sees it`);
      return;
    }
  }
  assert.fail(`no Tab leads to ${wanted}`);
}
// A choice of a list, by its keys.
export async function choose(page, words) {
  const value = await page.evaluate((said) => {
    const one = document.activeElement;
    const options = [...one.options].filter((each) => !each.disabled);
    return { from: options.indexOf(one.selectedOptions[0]), to: options.findIndex((each) => each.textContent.includes(said)) };
  }, words);
  assert.ok(value.to >= 0, `there is no choice “${words}”`);
  for (let at = value.from; at !== value.to; at += Math.sign(value.to - value.from))
    await page.keyboard.press(value.to > at ? 'ArrowDown' : 'ArrowUp');
}
