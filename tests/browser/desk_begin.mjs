// What the tests of the desk begin with: the example and its study, and a source that is open.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { accounts, folder, open, root, serve, signIn, understory } from './browsing.mjs';

export const turns = (page) => page.locator('.transcript .turn');

// The address of a server of the example, and its study with the sources in it.
export async function begin() {
  execFileSync(join(root, 'examples/seven-communities/make.sh'), [understory, join(folder, 'example')]);
  const example = await serve(join(folder, 'example'));
  const { page, context, close } = await open(example);
  await signIn(page, example, accounts.researcher);
  const api = async (path) => (await context.request.get(`${example}/api/v1${path}`)).json();
  const { studies } = await api('/studies');
  const { sources } = await api(`/studies/${studies[0].id}/sources`);
  const source = sources.find((each) => each.name === 'SR-01 interview').id;
  await close();
  const study = { id: studies[0].id, name: studies[0].name, source, sources };
  // Opens a source at the desk and waits for its words.
  const openSource = async (page, language = 'en', one = source) => {
    await page.goto(`${example}/desk/studies/${study.id}/sources/${one}?lang=${language}`);
    await turns(page).first().waitFor();
  };
  return { example, study, openSource };
}
