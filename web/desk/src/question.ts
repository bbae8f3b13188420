// A question in its text form, as the server reads it: causes by gender among location="Svay Rieng" level all
export const asks = ['causes', 'risks', 'strategies', 'trend', 'cooccurrence', 'links', 'agreement', 'saturation'] as const;
export type Ask = (typeof asks)[number];
export const isAsk = (word: string): word is Ask => (asks as readonly string[]).includes(word);

export interface Parts { ask: Ask; by: string; level: string; unit: string; among: Record<string, string[]> }
const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
export function questionText({ ask, by, level, unit, among }: Parts): string {
  const narrowed = Object.entries(among).flatMap(([facet, values]) => values.map((value) => `${facet}=${quoted(value)}`));
  return `${ask} by ${by}${level === 'top' ? '' : ` level ${level}`}${ask !== 'agreement' || unit === 'character' ? '' : ` unit ${unit}`}${narrowed.length ? ` among ${narrowed.join(', ')}` : ''}`;
}
