import http from 'node:http'
import type { ListenAddress } from '#net'

const EVERY_MS = 20

export interface Probe extends Disposable {
  /** How long each request took, those that are still under way included; milliseconds. */
  stop(): number[]
}

/** Somebody who uses the API: a request every 20 ms over connections of their own, whether or not earlier ones are answered. */
export function probe({ host, port }: ListenAddress, accessToken: string): Probe {
  const agent = new http.Agent({ keepAlive: true })
  const tookMs: number[] = []
  const underWay = new Set<number>()
  const headers = { Authorization: `Bearer ${accessToken}` }
  const request = () => {
    const beganAtMs = performance.now()
    underWay.add(beganAtMs)
    const sent = http.get({ host, port, agent, path: '/api/accounts/revision-date', headers }, (response) => {
      if (response.statusCode !== 200) throw new Error(`The API answered ${response.statusCode}`)
      response.resume().on('end', () => {
        underWay.delete(beganAtMs)
        tookMs.push(performance.now() - beganAtMs)
      })
    })
    // Those that are cut at the end.
    sent.on('error', (error) => {
      if (timer.hasRef()) throw error
    })
  }
  const timer = setInterval(request, EVERY_MS)
  const stop = () => {
    clearInterval(timer.unref())
    const now = performance.now()
    const all = [...tookMs, ...[...underWay].map((beganAtMs) => now - beganAtMs)]
    agent.destroy()
    return all
  }
  return { stop, [Symbol.dispose]: () => void stop() }
}
