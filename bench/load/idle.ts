import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { rssBytesOf } from '../servers/process-figures.ts'
import type { IdleFigures, IdleOrder } from './order.ts'
import { connectLeanClient } from './subscriber.ts'

export async function stayIdle(order: IdleOrder): Promise<IdleFigures> {
  const sockets: Socket[] = []
  const connect = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const lines = `SUB bench.idle.${sockets.length} 1\r\n`
      const { subscriberAddress: address, subscriberTransport: transport } = order
      sockets.push(await connectLeanClient({ address, transport, lines }))
    }
    await sleep(order.settleMs)
    return rssBytesOf(order.serverPid)
  }
  const before = await connect(order.connectionsBefore)
  const after = await connect(order.connections)
  for (const socket of sockets) socket.destroy()
  return { bytesPerConnection: (after - before) / order.connections }
}
