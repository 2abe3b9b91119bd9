import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Plugin } from 'vite'

/** Packages that carry no file with their licence, each with the line that belongs into its text. */
const MIT_WITHOUT_FILE: Readonly<Record<string, string>> = {
  '@microsoft/signalr': 'Copyright (c) .NET Foundation and Contributors',
  '@microsoft/signalr-protocol-msgpack': 'Copyright (c) .NET Foundation and Contributors',
}

/** What a package holds of others, whose licence it does not carry. */
const BESIDES: Readonly<Record<string, string>> = {
  'secure-password-utilities': `It holds, unchanged, the long list of words for passphrases by Joseph Bonneau and the Electronic Frontier Foundation
(https://www.eff.org/deeplinks/2016/07/new-wordlists-random-passphrases), which is licensed under Creative Commons
Attribution 3.0 United States (CC BY 3.0 US): https://creativecommons.org/licenses/by/3.0/us/`,
}

/** Packages whose published files hold others, which they depend on. */
const HOLDS: Readonly<Record<string, readonly string[]>> = { otpauth: ['@noble/hashes'] }

/** Licences whose demands are met by shipping their text. Another one asks for a decision. */
const PERMISSIVE = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Apache-2.0'])

/**
 * Writes the licences of all packages that have code in the bundle to a file of it, `third-party.txt`: whoever serves the
 * vault ships that code. The build fails when a package has none that is known.
 */
export function thirdPartyNotices(): Plugin {
  return {
    name: 'third-party-notices',
    generateBundle(_options, bundle) {
      const folders = new Set<string>()
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk') continue
        for (const [id, { renderedLength }] of Object.entries(output.modules)) {
          const folder = renderedLength > 0 ? packageFolderOf(id, this.environment.config.root) : undefined
          if (folder !== undefined) for (const each of withHeld(folder)) folders.add(each)
        }
      }
      const notices = [...folders].map(readNotice).sort((a, b) => (a.name < b.name ? -1 : 1))
      this.emitFile({ type: 'asset', fileName: 'third-party.txt', source: documentOf(notices) })
    },
  }
}

/** Of a module's id; `undefined` for our own. Bundlers add code of theirs, under names that begin with their own. */
function packageFolderOf(id: string, root: string): string | undefined {
  const helper = /^\0(vite|rolldown)\//.exec(id)?.[1]
  if (helper !== undefined) return path.join(root, 'node_modules', helper)
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]
}

/** A package, and those that it holds, which stand beside it. */
function withHeld(folder: string): string[] {
  const [, modules = '', name = ''] = /^(.*\/node_modules)\/(.*)$/.exec(folder) ?? []
  return [folder, ...(HOLDS[name] ?? []).map((held) => path.join(modules, held))]
}

interface Notice {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly text: string
}

function readNotice(folder: string): Notice {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  if (!PERMISSIVE.has(license)) throw new Error(`The licence of ${name}, "${license}", is none that was decided on`)
  return { name, version, license, text: [licenseText(name, folder), BESIDES[name] ?? []].flat().join('\n\n') }
}

function licenseText(name: string, folder: string): string {
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.(md|txt))?$/i.test(entry))
  if (file !== undefined) {
    const text = readFileSync(path.join(folder, file), 'utf8')
    // Vite's goes on with those of what it is made of, of which nothing is in a bundle.
    return text.split(/^# Licenses of bundled dependencies$/m)[0]!.trim()
  }
  const copyright = MIT_WITHOUT_FILE[name]
  if (copyright === undefined) throw new Error(`${name} carries no licence`)
  return `${copyright}\n\n${MIT_TEXT}`
}

const MIT_TEXT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

function documentOf(notices: readonly Notice[]): string {
  const parts = notices.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}`)
  const head = "Belfry's web vault contains code of these packages, under their licences:"
  return `${[head, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}
