// Colours of codes that stay apart for people who see few colours: they differ in lightness as much as in hue (Okabe &
// Ito 2008, and Tol's muted scheme), and each comes with a pattern for its stripe. A code without a colour of its own
// takes the next.
export const palette = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#332288', '#f0e442', '#000000', '#800000', '#2f4f4f', '#8a2be2'];
export const patterns = ['solid', 'dashed', 'dotted', 'double'] as const;

export interface Look { colour: string; pattern: (typeof patterns)[number] }
export function lookOf(index: number, own: string): Look {
  return { colour: /^#[0-9a-f]{6}$/i.test(own) ? own : palette[index % palette.length]!, pattern: patterns[Math.floor(index / palette.length) % patterns.length]! };
}
// The same colour, thin enough that what is written on it keeps its contrast, and two of them show through each other.
export function wash(colour: string): string {
  const part = (at: number) => parseInt(colour.slice(at, at + 2), 16);
  const strength = part(1) * 0.3 + part(3) * 0.6 + part(5) * 0.1 < 90 ? 0.17 : 0.28;
  return `rgb(${part(1)} ${part(3)} ${part(5)} / ${strength})`;
}
