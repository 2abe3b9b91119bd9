/**
 * Preloaded into each file of tests: one that hangs, or whose last test has left something open, fails and says what that
 * is. Without it the whole run would wait for ever, since the limit of the test runner is for single tests.
 */
const DEADLINE_MS = 600_000

// The runner itself, which has the same options, is given as long as it takes.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  setTimeout(() => {
    console.error(`not done after ${DEADLINE_MS} ms; still open: ${process.getActiveResourcesInfo().join(', ')}`)
    process.exit(1)
  }, DEADLINE_MS).unref()
}
