import net from 'node:net'
import { once, until } from '../../helpers/wait.ts'

/** As CONNECT has it. */
export const SAMPLE_USER = { user: 'ada', pass: 'not-to-be-shown' }

export interface SampleServer {
  /** `nats://host:port` */
  readonly natsUrl: string
  /** `ws://host:port` */
  readonly websocketUrl: string
}

/**
 * Connects to any server with a TCP and a WebSocket listener: one client by each, after a third that has left again.
 * What `sampleSource` tells of.
 */
export async function connectSampleClients({ natsUrl, websocketUrl }: SampleServer): Promise<AsyncDisposable> {
  await using clients = new AsyncDisposableStack()
  const connect = (fields: object) => `CONNECT ${JSON.stringify({ verbose: false, ...SAMPLE_USER, ...fields })}\r\n`

  const byTcp = clients.use(await tcpClient(natsUrl))
  await byTcp.say(
    `${connect({ name: 'app <1>', lang: 'node', version: '1.2.3' })}SUB foo.> 1\r\nSUB bar workers 2\r\nUNSUB 2 5\r\n`,
  )
  const byWebsocket = clients.use(await websocketClient(websocketUrl))
  await byWebsocket.say(`${connect({ lang: 'js', version: '3' })}SUB ws.sub 1\r\nPUB foo.bar 5\r\nhello\r\n`)
  {
    await using leaving = await tcpClient(natsUrl)
    await leaving.say(`${connect({ name: 'gone' })}SUB gone 1\r\n`)
  }
  return clients.move()
}

interface SampleClient extends AsyncDisposable {
  /** Sends `lines` and waits until the server has read them. */
  say(lines: string): Promise<void>
}

async function tcpClient(url: string): Promise<SampleClient> {
  const { hostname, port } = new URL(url)
  const socket = net.connect(Number(port), hostname)
  await once(socket, 'connect')
  const conversation = answering((text) => socket.write(text))
  socket.setEncoding('utf8').on('data', conversation.hear)
  return {
    say: conversation.say,
    async [Symbol.asyncDispose]() {
      socket.destroy()
    },
  }
}

async function websocketClient(url: string): Promise<SampleClient> {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  const conversation = answering((text) => socket.send(text))
  socket.addEventListener('message', ({ data }) => conversation.hear(Buffer.from(data).toString()))
  await until(() => socket.readyState === WebSocket.OPEN, 'the WebSocket to open')
  return {
    say: conversation.say,
    async [Symbol.asyncDispose]() {
      socket.close()
    },
  }
}

/** Answers PING, and knows when its own PING was answered. */
function answering(write: (text: string) => void): { hear(text: string): void; say(lines: string): Promise<void> } {
  let heard = ''
  return {
    hear(text) {
      heard += text
      if (/^PING\r\n/m.test(text)) write('PONG\r\n')
    },
    async say(lines) {
      heard = ''
      write(`${lines}PING\r\n`)
      await until(() => {
        if (heard.includes('-ERR')) throw new Error(heard)
        return heard.includes('PONG\r\n')
      }, 'PONG')
    },
  }
}
