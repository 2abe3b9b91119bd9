import type { Socket } from 'node:net'
import { TcpLine } from '../../helpers/tcp-line.ts'

/** A line to a server that can freeze: nothing comes through any more, in either direction, and nobody is told. */
export class FrozenLine extends TcpLine {
  #isFrozen = false

  static to(url: string): Promise<FrozenLine> {
    return new FrozenLine(url).open()
  }

  /** From now on. Who comes anew is not answered either. */
  freeze(): void {
    this.#isFrozen = true
  }

  /** Who comes from now on gets through; the connections from before stay dead. */
  thaw(): void {
    this.#isFrozen = false
  }

  protected override join(near: Socket): void {
    const far = this.connect()
    let isDead = this.#isFrozen
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk) => {
        isDead ||= this.#isFrozen
        if (!isDead) to.write(chunk)
      })
      from.on('end', () => {
        isDead ||= this.#isFrozen
        if (!isDead) to.end()
      })
    }
  }
}
