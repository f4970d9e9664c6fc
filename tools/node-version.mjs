const OLDEST = [20, 19];

/** Ends the program with a plain sentence when this Node is too old to run anything else here. */
export function checkNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  console.error(
    `Cardea needs Node ${OLDEST.join('.')} or later (24 is a good choice); this is ${process.versions.node}.`,
  );
  process.exit(1);
}
