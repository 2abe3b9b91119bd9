/** A server that leaf nodes connect to, of which a test says every word. */
import net, { type AddressInfo, type Socket } from 'node:net'
import { once, until } from '../../../../helpers/wait.ts'

export interface PlayedHub extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Every connection so far, the latest last. */
  readonly visits: readonly Visit[]
  /** The connection of that number, from 1 on, once it is there. */
  visit(number: number): Promise<Visit>
}

/** One connection, as it is seen there. */
export class Visit {
  readonly socket: Socket
  #heard = ''
  hasEnded = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.#heard += text
    })
    socket
      .on('error', () => {})
      .on('close', () => {
        this.hasEnded = true
      })
  }

  get heard(): string {
    return this.#heard
  }

  say(text: string): this {
    this.socket.write(text)
    return this
  }

  info(fields: object = {}): this {
    return this.say(`INFO ${JSON.stringify({ ...INFO, ...fields })} \r\n`)
  }

  /** The answer to CONNECT. */
  answer(fields: object = {}): this {
    return this.info({ connect_info: true, remote_account: 'A', ...fields })
  }

  /** What matches in all that was said to it. */
  hearing(pattern: RegExp): Promise<RegExpExecArray> {
    return until(() => pattern.exec(this.#heard), `${pattern} in ${JSON.stringify(this.#heard)}`)
  }

  async connect(): Promise<Record<string, unknown>> {
    const [, json] = await this.hearing(/^CONNECT (\{.*\})\r\n/)
    return JSON.parse(json!)
  }

  /** As a hub that is content. */
  async welcome(fields: object = {}): Promise<this> {
    this.info(fields)
    await this.connect()
    return this.answer(fields)
  }

  async ended(): Promise<void> {
    await until(() => this.hasEnded, `the end of the connection, which said ${JSON.stringify(this.#heard)}`)
  }
}

const INFO = {
  server_id: 'NHUB',
  server_name: 'played hub',
  version: '2.9.10',
  proto: 1,
  headers: true,
  max_payload: 1048576,
  client_id: 7,
  nonce: 'abcdefghijklmno',
  info_on_connect: true,
  leafnode_urls: [] as string[],
}

/** `onVisit` is what it does with each connection at once; default: nothing. */
export async function playHub(onVisit: (visit: Visit, number: number) => void = () => {}): Promise<PlayedHub> {
  const visits: Visit[] = []
  const server = net.createServer((socket) => {
    const visit = new Visit(socket)
    onVisit(visit, visits.push(visit))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    visits,
    visit: (number) => until(() => visits[number - 1], `connection ${number}`),
    async [Symbol.asyncDispose]() {
      for (const { socket } of visits) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
