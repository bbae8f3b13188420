// Pure functions of the desk (web/desk/src). Usage: desk_units.mjs WEB ESBUILD-FOLDER: what builds the forms' module bundles them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const [web, builder] = process.argv.slice(2).map((path) => resolve(path));
const folder = mkdtempSync(join(tmpdir(), 'understory-units-'));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'all.ts'), ['points', 'snapping', 'stripes', 'palette', 'colours', 'message', 'cursor']
  .map((name) => `export * from ${JSON.stringify(join(web, 'desk/src', name + '.ts'))};`).join('\n'));
execFileSync('node', [join(builder, 'node_modules/esbuild/bin/esbuild'), join(folder, 'all.ts'), '--bundle', '--format=esm', '--platform=node', `--outfile=${join(folder, 'all.mjs')}`, '--log-level=error']);
const desk = await import(pathToFileURL(join(folder, 'all.mjs')));

test('positions in code points and in UTF-16 units, there and back', () => {
  const text = 'a😀b🇰🇭កx', points = new desk.Points(text);
  const all = [...text];
  for (let point = 0; point <= all.length; point++) {
    const unit = all.slice(0, point).join('').length;
    assert.equal(points.unit(point), unit);
    assert.equal(points.point(unit), point);
  }
});

test('what stands instead of a mask has other lengths, and positions stay what they are', () => {
  const points = new desk.Points('a😀▮▮▮b▮▮c', [{ start: 2, end: 5, instead: 'a boy' }, { start: 6, end: 8, instead: '' }]);
  assert.equal(points.text, 'a😀[a boy]b▮▮c');
  assert.deepEqual(points.masked, [{ start: 3, end: 10 }, { start: 11, end: 13 }]);
  for (const [point, unit] of [[0, 0], [1, 1], [2, 3], [5, 10], [6, 11], [7, 12], [8, 13], [9, 14]]) {
    assert.equal(points.unit(point), unit, `code point ${point}`);
    assert.equal(points.point(unit), point, `unit ${unit}`);
    assert.equal(points.end(unit), point, `an end at unit ${unit}`);
  }
  // Within what stands instead: some of the mask, which the server widens to all of it.
  assert.deepEqual([points.point(6), points.end(7)], [4, 5]);
});

test('a stretch is widened to whole words, and never cuts a character', () => {
  const english = 'They owe the mill.';
  assert.deepEqual(desk.wholeWords(english, { start: 6, end: 10 }, 'en'), { start: 5, end: 12 });
  assert.deepEqual(desk.wholeWords(english, { start: 4, end: 9 }, 'en'), { start: 5, end: 12 - 4 }, 'spaces at its ends do not count');
  assert.deepEqual(desk.wholeWords(english, { start: 4, end: 5 }, 'en'), { start: 5, end: 5 });
  for (const [language, text] of [['km', 'គេជំពាក់បំណុលហើយទៅឆ្ងាយ'], ['th', 'เขาเป็นหนี้เจ้าของโรงสี']]) {
    const ends = new Set([0, ...desk.words(text, language).flatMap(({ start, end }) => [start, end])]);
    assert.ok(ends.size > 4, 'there are several words');
    for (let start = 0; start < text.length; start++)
      for (let end = start + 1; end <= text.length; end++) {
        const whole = desk.wholeWords(text, { start, end }, language);
        assert.ok(ends.has(whole.start) && ends.has(whole.end) && whole.start <= start && whole.end >= end, `${language} ${start}–${end}`);
      }
  }
  const family = 'x👩‍👩‍👧y';
  assert.deepEqual(desk.wholeCharacters(family, { start: 3, end: 4 }), { start: 1, end: family.length - 1 });
  assert.deepEqual(desk.wholeCharacters('កុំ', { start: 1, end: 2 }), { start: 0, end: 3 });
});

test('sentences end where they do in each script', () => {
  const parts = (text) => desk.sentences(text).map(({ start, end }) => text.slice(start, end));
  assert.deepEqual(parts('One. Two? “Three!” four'), ['One.', 'Two?', '“Three!”', 'four']);
  assert.deepEqual(parts('គេជំពាក់។ ហើយទៅ៕'), ['គេជំពាក់។', 'ហើយទៅ៕']);
  assert.deepEqual(parts('ऋण। काम छैन॥\nअर्को'), ['ऋण।', 'काम छैन॥', 'अर्को']);
});

test('what is chosen moves by word, sentence and turn, and grows and shrinks by its far end', () => {
  const text = 'I: Why now? Tell me.\n\nA: Debt. No work here.';
  const cursor = new desk.Cursor(text, 'en', [{ speech: 3, end: 20 }, { speech: 25, end: text.length }]);
  const said = () => cursor.chosen && text.slice(cursor.chosen.start, cursor.chosen.end);
  cursor.move('word', true, false);
  assert.equal(said(), 'Why');
  cursor.move('word', true, true);
  assert.equal(said(), 'Why now');
  cursor.move('word', true, true);
  cursor.move('word', false, true);
  assert.equal(said(), 'Why now');
  cursor.move('word', false, true);
  cursor.move('word', false, true);
  assert.equal(said(), 'Why');
  cursor.move('sentence', true, false);
  assert.equal(said(), 'Tell me.');
  cursor.move('turn', true, false);
  assert.equal(said(), 'Debt. No work here.');
  cursor.move('word', false, false);
  assert.equal(said(), 'me');
  cursor.move('word', true, false);
  assert.equal(said(), 'Debt');
  cursor.move('word', false, true);
  assert.equal(said(), text.slice(17, 29), 'backwards over a turn');
});

test('stripes beside the same line stand apart, and the last lane takes what is too much', () => {
  const lane = desk.lanes([{ id: 'a', top: 0, bottom: 40 }, { id: 'b', top: 10, bottom: 20 }, { id: 'c', top: 20, bottom: 30 }, { id: 'd', top: 5, bottom: 50 }], 8);
  assert.deepEqual([...lane].sort(), [['a', 0], ['b', 2], ['c', 2], ['d', 1]]);
  const many = desk.lanes(Array.from({ length: 20 }, (_, id) => ({ id: String(id), top: 0, bottom: 9 })), 8);
  assert.equal(Math.max(...many.values()), 7);
});

test('a code is found by any of its names, the fitting one first', () => {
  const code = (id, name, path, names = {}, codings = 0) => ({ id, name, path, names, codings });
  const codes = [code('1', 'No land', 'Causes/No land'), code('2', 'Landlord', 'Actors/Landlord'), code('3', 'Debt', 'Causes/Land/Debt', { km: 'បំណុល' }, 5)];
  assert.deepEqual(desk.fitting(codes, 'land').map((each) => each.id), ['2', '1', '3']);
  assert.deepEqual(desk.fitting(codes, 'បំ').map((each) => each.id), ['3']);
  assert.deepEqual(desk.fitting(codes, 'zebra'), []);
  assert.equal(desk.fitting(codes, '')[0].id, '3', 'without letters the most used one');
  const keys = desk.keysFor(codes);
  assert.equal(keys.get('a'), '3');
  for (const letter of 'umxs') assert.ok(!keys.has(letter));
});

test('colours of codes stay apart for those who see few colours', () => {
  // Machado, Oliveira & Fernandes 2009, severity 1; difference in CIE Lab.
  const kinds = {
    all: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  };
  const lab = (hex, matrix) => {
    const linear = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    const [r, g, b] = matrix.map((row) => Math.min(1, Math.max(0, row.reduce((sum, part, at) => sum + part * linear[at], 0))));
    const f = (t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
    const [x, y, z] = [(0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505, 0.2126 * r + 0.7152 * g + 0.0722 * b, (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089].map(f);
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  };
  for (const [kind, matrix] of Object.entries(kinds)) {
    const all = desk.palette.map((hex) => lab(hex, matrix));
    for (let one = 0; one < all.length; one++)
      for (let other = 0; other < one; other++)
        assert.ok(Math.hypot(...all[one].map((each, at) => each - all[other][at])) > 8, `${kind}: ${desk.palette[one]} and ${desk.palette[other]}`);
  }
});

test('sentences of the catalogues are filled in as ICU fills them', () => {
  const say = (pattern, values = {}, locale = 'en') => desk.message(pattern, values, locale);
  assert.equal(say('Plain'), 'Plain');
  assert.equal(say('“{name}” is kept', { name: 'a {b}' }), '“a {b}” is kept');
  const plural = '{n, plural, =0 {none} one {# text} other {# texts}} of {all}';
  assert.equal(say(plural, { n: 0, all: 9 }), 'none of 9');
  assert.equal(say(plural, { n: 1, all: 9 }), '1 text of 9');
  assert.equal(say(plural, { n: 5, all: 9 }), '5 texts of 9');
  assert.equal(say('{n, plural, other {{at} of #}}', { n: 3, at: 2 }, 'km'), '2 of 3');
  assert.equal(say("it''s '{'x'}'"), "it's {x}");
  assert.equal(say('{who, select, me {I} other {they}} go', { who: 'me' }), 'I go');
});
