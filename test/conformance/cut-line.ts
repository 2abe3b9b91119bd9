import type { Socket } from 'node:net'
import { TcpLine } from '../helpers/tcp-line.ts'

/** A line to a server that can be cut. */
export class CutLine extends TcpLine {
  /** From the server to the client, over the connection that was let through last. */
  downstreamBytes = 0
  /** Connections that wait to be let through. */
  #held: (() => void)[] | undefined

  static to(url: string): Promise<CutLine> {
    return new CutLine(url).open()
  }

  /** Resets every connection, without a word of either side. Who comes anew gets through. */
  cut(): void {
    this.reset()
  }

  /** The same, but who comes anew has to wait until the line is mended. */
  cutUntilMended(): void {
    this.#held = []
    this.cut()
  }

  mend(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const goOn of held) goOn()
  }

  protected override join(near: Socket): void {
    const goOn = () => {
      const far = this.connect()
      this.downstreamBytes = 0
      far.on('data', (chunk) => {
        this.downstreamBytes += chunk.length
      })
      near.pipe(far).pipe(near)
      near.on('close', () => far.destroy())
      far.on('close', () => near.destroy())
    }
    if (this.#held === undefined) goOn()
    else this.#held.push(goOn)
  }
}
