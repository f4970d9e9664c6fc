import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** The Chromium of this machine: `CHROMIUM_PATH`, else the first of the usual names on the path; undefined = there is none. */
function findBrowser() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/snap/bin'];
  const places = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [process.env.CHROMIUM_PATH, ...places, MAC].find((path) => path && existsSync(path));
}

/** Sees to it that the tests find a Chromium in `CHROMIUM_PATH`; ends the program when there can be none. */
export function ensureBrowser() {
  const path = findBrowser() ?? installBrowser();
  if (path === undefined) {
    console.error(
      'The tests need Chromium: install it (Debian, Ubuntu: sudo apt-get install chromium), or name it in CHROMIUM_PATH.',
    );
    process.exit(1);
  }
  process.env.CHROMIUM_PATH = path;
}

/** Installs Debian's, where this program may. */
function installBrowser() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  console.log('Installing Chromium for the tests in a browser …');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options);
  return findBrowser();
}
