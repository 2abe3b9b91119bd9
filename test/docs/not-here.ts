/** Programs whose commands are not run by the tests, and why. Their commands are parsed, and what they name is looked up. */
export const NOT_HERE: Readonly<Record<string, string>> = {
  docker: 'needs a Docker engine',
  kubectl: 'needs a Kubernetes cluster',
  helm: 'needs a Kubernetes cluster',
  './bitwarden.sh': 'belongs to the official server, and needs a Docker engine',
  systemctl: 'needs systemd as the first process, and root',
  journalctl: 'needs systemd as the first process',
  useradd: 'needs root, and changes the machine',
  adduser: 'needs root, and changes the machine',
  chown: 'needs root',
  'apt-get': 'needs root, and changes the machine',
  apt: 'needs root, and changes the machine',
  sudo: 'needs root',
  certbot: 'asks a public authority for a certificate',
  nsc: 'is not in Debian',
  'nats-top': 'is not in Debian',
  'prometheus-nats-exporter': 'is not in Debian',
  'npm test': 'is what runs this',
  'npm run check': 'looks at all sources, and .ci/run does it before the tests',
  'npm run format': 'would write into the checkout',
  'npm ci': 'would replace what this runs on; test/packaging.test.ts and test/setup.test.ts do it elsewhere',
  'npm install': 'would ask the registry; test/packaging.test.ts and test/setup.test.ts do it elsewhere',
  '.ci/run': 'is what runs this',
}

/** Why a command is not run here; `undefined`: it has to be. */
export function whyNotHere(command: string): string | undefined {
  const found = Object.entries(NOT_HERE).find(([program]) => {
    const words = program.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    return new RegExp(`(^|[|;&(]\\s*|\\bsudo\\s+|=\\$\\()\\s*${words}(\\s|$)`, 'm').test(command)
  })
  return found && `${found[0]} ${found[1]}`
}
