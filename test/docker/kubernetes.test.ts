/** docker/kubernetes against the settings that Belfry knows, against itself, and against a real nats-server. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { loadOptions } from '#config'
import { startPostgres } from '../helpers/postgres.ts'
import { runProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { startTestServer } from '../helpers/server.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { readDockerfile } from './dockerfile.ts'
import { unknownVariables } from './settings.ts'

const folder = path.join(import.meta.dirname, '../../docker/kubernetes')
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8')
// biome-ignore lint/suspicious/noExplicitAny: manifests have many shapes, of which the tests name what they need.
type Manifest = Record<string, any>
const manifests = parseAllDocuments(read('belfry.yaml')).map((document) => document.toJS() as Manifest)
const of = (kind: string) => manifests.find((manifest) => manifest.kind === kind)!
const database: Manifest = parse(read('postgres.yaml'))
const nats: Manifest = parse(read('nats-values.yaml'))
const page = readFileSync(path.join(folder, '../../docs/scaling.md'), 'utf8')

const deployment = of('Deployment').spec
const pod = deployment.template.spec
const [container] = pod.containers
const env: Record<string, string> = Object.fromEntries(
  container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
)
/** Where in the container each file comes from. */
const files = new Map<string, Manifest>(
  pod.volumes.flatMap(({ name, configMap, projected }: Manifest) => {
    const { mountPath } = container.volumeMounts.find((mount: Manifest) => mount.name === name)
    if (configMap) return Object.keys(of('ConfigMap').data).map((key) => [`${mountPath}/${key}`, configMap])
    return (projected?.sources ?? []).flatMap(({ secret }: Manifest) =>
      secret.items.map((item: Manifest) => [`${mountPath}/${item.path}`, { ...secret, key: item.key }]),
    )
  }),
)

test('the settings are known, and are taken as they stand', async () => {
  const all = { ...readDockerfile().environment, ...env }
  assert.deepEqual(unknownVariables(all), [])
  await using place = await temporaryFolder()
  const contents: Record<string, string> = {
    'database-url': 'postgresql://belfry:secret@belfry-database-rw.default:5432/vault',
    'cluster-url': clusterUrl('b0'),
    'belfry.conf': of('ConfigMap').data['belfry.conf'],
  }
  for (const file of files.keys()) {
    const name = path.basename(file)
    await mkdir(path.dirname(place.join(file)), { recursive: true })
    await writeFile(place.join(file), contents[name] ?? '')
  }
  const here = Object.entries(all).map(([name, value]) => [
    name,
    value.replace(/^\/(?=run|etc|data)/, `${place.path}/`),
  ])
  const configFile = place.join(container.args[1])
  const { options, warnings } = loadOptions({ cwd: place.path, env: Object.fromEntries(here), configFile })
  assert.deepEqual(warnings, [])
  assert.equal(options.vault.database.kind, 'postgres')
  assert.equal(options.vault.cluster?.urls.length, 3)
  assert.equal(options.vault.domain, env.DOMAIN)
  assert.ok(files.has(`${env.RSA_KEY_FILENAME}.pem`))
})

/** As the page has it made. */
function clusterUrl(password: string): string {
  const [, urls] = /--from-literal=cluster-url="(.*?)"/s.exec(page) ?? []
  assert.ok(urls, 'the page makes the secret')
  return urls.replaceAll('$password', password).replace(/\\\n\s*/g, '')
}

test('where its secrets come from is written down', () => {
  const named = [...files.values()].filter(({ key }) => key !== undefined)
  for (const { name, key } of named) {
    if (name === `${database.metadata.name}-app`) assert.equal(key, 'uri')
    else assert.match(page, new RegExp(`create secret generic ${name}\\b[^#]*--from-(literal|file)=["']?(${key})`))
  }
  for (const { secretName } of of('Ingress').spec.tls)
    assert.match(page, new RegExp(`create secret tls ${secretName}\\b`))
})

test('the probes ask for what there is', async () => {
  const { startupProbe, readinessProbe, livenessProbe, ports } = container
  const base = new URL(env.DOMAIN ?? '').pathname.replace(/\/$/, '')
  await using server = await startTestServer({ vault: { domain: env.DOMAIN } })
  for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe]) {
    assert.ok(httpGet.path.startsWith(base))
    assert.equal((await fetch(server.webUrl + httpGet.path)).status, 200)
    assert.equal(ports.find(({ name }: Manifest) => name === httpGet.port).containerPort, 8000)
  }
  assert.equal(loadOptions({ cwd: folder, env: { ROCKET_PORT: env.ROCKET_PORT } }).options.web.port, 8000)
})

test('a pod is not restarted because its database is away', { skip: requireProgram('postgres').skip }, async () => {
  await using postgres = await startPostgres()
  const databaseUrl = await postgres.createDatabase()
  await using server = await startTestServer({ vault: { domain: env.DOMAIN, databaseUrl } })
  await postgres.stop()
  const statusOf = async ({ httpGet }: Manifest) => (await fetch(server.webUrl + httpGet.path)).status
  assert.deepEqual([await statusOf(container.readinessProbe), await statusOf(container.livenessProbe)], [503, 200])
})

test('a pod is given the time that it takes to send its devices away', () => {
  const { BELFRY_HUB_DRAIN_WINDOW } = env
  const { hub } = loadOptions({ cwd: folder, env: { BELFRY_HUB_DRAIN_WINDOW } }).options
  const seconds = container.lifecycle.preStop.sleep.seconds + hub.drainWindowMs / 1_000
  // `belfry serve` cuts what is left five seconds after the window.
  assert.ok(pod.terminationGracePeriodSeconds > seconds + 5)
})

test('what belongs together finds each other', () => {
  const { labels } = deployment.template.metadata
  const selectors = [
    deployment.selector.matchLabels,
    of('PodDisruptionBudget').spec.selector.matchLabels,
    of('Service').spec.selector,
    pod.topologySpreadConstraints[0].labelSelector.matchLabels,
    of('NetworkPolicy').spec.ingress[0].from[0].podSelector.matchLabels,
  ]
  for (const selector of selectors) assert.deepEqual(selector, labels)
  const [port] = of('Service').spec.ports
  assert.equal(port.targetPort, container.ports[0].name)
  const { rules, tls } = of('Ingress').spec
  const [{ host, http }] = rules
  assert.equal(new URL(env.DOMAIN ?? '').host, host)
  assert.deepEqual(tls[0].hosts, [host])
  assert.deepEqual(http.paths[0].backend.service, { name: of('Service').metadata.name, port: { name: port.name } })
  for (const { name } of container.volumeMounts) assert.ok(pod.volumes.some((volume: Manifest) => volume.name === name))
  const { runAsUser, runAsGroup } = pod.securityContext
  assert.equal(`${runAsUser}:${runAsGroup}`, readDockerfile().user)
})

test('what PostgreSQL does not hold is kept, in one folder of all pods', () => {
  const { mountPath, name } = container.volumeMounts.find(({ name }: Manifest) => name === 'data')
  assert.equal(mountPath, readDockerfile().environment.DATA_FOLDER)
  const { claimName } = pod.volumes.find((volume: Manifest) => volume.name === name).persistentVolumeClaim
  const claim = of('PersistentVolumeClaim')
  assert.equal(claim.metadata.name, claimName)
  assert.deepEqual(claim.spec.accessModes, ['ReadWriteMany'])
})

test('PostgreSQL takes the connections of all pods, also while they are replaced', () => {
  const { database: settings } = loadOptions({ cwd: folder, env: { DATABASE_URL: 'postgresql://x/vault' } }).options
    .vault
  assert.ok(settings.kind === 'postgres')
  const pods = deployment.replicas + deployment.strategy.rollingUpdate.maxSurge
  const most = Number(database.spec.postgresql.parameters.max_connections)
  assert.ok(most >= pods * (settings.maxConnections + 5) + 25)
})

test('nats-server takes the values of its chart', { skip: requireProgram('nats-server').skip }, async () => {
  // As the chart puts them together: strings in << >> are no strings.
  const { cluster, leafnodes, merge } = nats.config
  assert.ok(cluster.enabled && leafnodes.enabled)
  const config = {
    leafnodes: { port: 7422, no_advertise: true, ...leafnodes.merge },
    cluster: { name: 'nats', port: 6222, no_advertise: true, routes: [] },
    ...merge,
  }
  await using place = await temporaryFolder()
  const text = JSON.stringify(config).replace(/"<<\s+(.*?)\s+>>"/g, '$1')
  await writeFile(place.join('nats.conf'), text)
  const [[variable, { valueFrom }]] = Object.entries(nats.container.env) as [[string, Manifest]]
  const check = (value: string | undefined) =>
    runProgram({
      command: requireProgram('nats-server').path,
      args: ['-t', '-c', place.join('nats.conf')],
      env: { [variable]: value },
    })
  assert.equal((await check('b01e5')).code, 0)
  assert.notEqual((await check(undefined)).code, 0, 'the variable is not used')
  assert.match(page, new RegExp(`secret generic ${valueFrom.secretKeyRef.name}[^#]*=${valueFrom.secretKeyRef.key}=`))
  const [user] = leafnodes.merge.authorization.users
  assert.equal(new URL(clusterUrl('b0').split(',')[0]!).username, user.user)
  assert.ok(user.account in merge.accounts)
})
