import net, { type Socket } from 'node:net'
import { Listener } from '#net'
import { once } from '../../helpers/wait.ts'
import { type Address, RawSocket } from '../raw-socket.ts'

/** A server whose every byte is the test's. */
export interface RawServer extends AsyncDisposable {
  readonly address: Address
  /** The next connection. */
  accepted(): Promise<RawSocket>
  /** The same, before anybody reads. */
  acceptedSocket(): Promise<Socket>
}

/** Any free port of `host`, default 127.0.0.1. */
export async function startRawServer({ host = '127.0.0.1', port = 0 } = {}): Promise<RawServer> {
  const server = net.createServer({ allowHalfOpen: true })
  const listener = await Listener.open(server, { host, port })
  const acceptedSocket = async () => ((await once(server, 'connection')) as [Socket])[0]
  return {
    address: listener.address,
    acceptedSocket,
    accepted: async () => new RawSocket(await acceptedSocket()),
    [Symbol.asyncDispose]: () => listener.close(0),
  }
}
