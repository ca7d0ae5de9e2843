// Plain JavaScript, because an older Node fails on TypeScript with a stack trace before it could print this message.
const NEEDED_MAJOR = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED_MAJOR) {
  process.stderr.write(
    `Roomscribe needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}. ` +
      'Start it with npm (npm start): npm ci has installed the right Node.\n',
  );
  process.exit(1);
}
