/**
 * Signals that end a test process from outside: the test runner sends SIGTERM to a file that takes too long, a terminal
 * the others. Node ends without a word to anybody then.
 */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** The newest last. */
const works = new Set<() => void>()

/**
 * Has `work`, which must be done in one go, done when this process ends before it is called off, be it by a signal (but
 * for SIGKILL). Of several, the last is done first. Returns what calls it off.
 */
export function atLastMoment(work: () => void): () => void {
  if (works.size === 0) {
    process.on('exit', doAll)
    for (const signal of SIGNALS) process.on(signal, endBy)
  }
  // One of its own, should the same be given twice.
  const own = () => work()
  works.add(own)
  return () => {
    works.delete(own)
    if (works.size === 0) stopListening()
  }
}

function stopListening(): void {
  process.off('exit', doAll)
  for (const signal of SIGNALS) process.off(signal, endBy)
}

function doAll(): void {
  const all = [...works].reverse()
  works.clear()
  for (const work of all) work()
}

function endBy(signal: NodeJS.Signals): void {
  doAll()
  stopListening()
  process.kill(process.pid, signal)
}
