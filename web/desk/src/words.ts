import { message, type Values } from './message.ts';
import { setting } from './setting.ts';

// A sentence of the catalogue. One it lacks shows between ⟦ ⟧, which tests look for.
export function say(key: string, values: Values = {}): string {
  const pattern = setting.words[key];
  return pattern === undefined ? `⟦${key}⟧` : message(pattern, values, setting.language);
}
