export interface Contender {
  readonly name: string
  /** Does one round. */
  run(): void
}

const WARM_UP_ROUNDS = 3
const ROUNDS = 12

/**
 * Nanoseconds per operation of each contender, the best of twelve rounds. The rounds alternate, so that whatever else
 * the machine does hits all alike. The last contender is what the others are compared with.
 */
export function compare(title: string, operationsPerRound: number, contenders: readonly Contender[]): void {
  const best = contenders.map(() => Infinity)
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    contenders.forEach(({ run }, i) => {
      const start = process.hrtime.bigint()
      run()
      const each = Number(process.hrtime.bigint() - start) / operationsPerRound
      if (round >= 0) best[i] = Math.min(best[i]!, each)
    })
  }
  const reference = best.at(-1)!
  console.log(title)
  contenders.forEach(({ name }, i) => {
    const ratio = `${(reference / best[i]!).toFixed(1)} x`
    console.log(`  ${name.padEnd(28)} ${best[i]!.toFixed(0).padStart(8)} ns ${ratio.padStart(8)}`)
  })
}
