import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_BROWSER = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** The first of these names in the folders of the path; undefined = there is none. */
function find(names) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/snap/bin'];
  return folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** The Chromium of this machine: `CHROMIUM_PATH`, else one of the usual names. */
function findBrowser() {
  const { CHROMIUM_PATH: named } = process.env;
  if (named && existsSync(named)) return named;
  return find(BROWSERS) ?? (existsSync(MAC_BROWSER) ? MAC_BROWSER : undefined);
}

const findPhp = () => find(['php']);

/**
 * Sees to it that the tests find what no package of npm brings: a Chromium in `CHROMIUM_PATH`, without which there are no tests, and
 * PHP, without which its samples are left out.
 */
export function ensureTestPrograms() {
  const missing = [
    ...(findBrowser() === undefined ? ['chromium'] : []),
    ...(findPhp() === undefined ? ['php-cli'] : []),
  ];
  if (missing.length > 0) install(missing);
  const browser = findBrowser();
  if (browser === undefined) {
    console.error(
      'The tests need Chromium: install it (Debian, Ubuntu: sudo apt-get install chromium), or name it in CHROMIUM_PATH.',
    );
    process.exit(1);
  }
  process.env.CHROMIUM_PATH = browser;
  if (findPhp() === undefined)
    console.warn(
      'There is no PHP here: the samples of the guides in PHP are not run (Debian, Ubuntu: sudo apt-get install php-cli).',
    );
}

/** Installs Debian's, where this program may. */
function install(packages) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  console.log(`Installing ${packages.join(' and ')} for the tests …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update', '-qq'], options);
  // One at a time: what one of them lacks is no reason to go without the other.
  for (const name of packages)
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], options);
}
