import { t } from '../../i18n/index.ts'
import type { Item, ItemType } from '../../model/item.ts'
import type { IconName } from '../../ui/icons.ts'
import type { LinkedMember } from './linked.ts'

export const TYPE_ICONS: Readonly<Record<ItemType, IconName>> = {
  login: 'globe',
  card: 'card',
  identity: 'identity',
  secureNote: 'note',
  sshKey: 'terminal',
  unknown: 'file',
}

/** What a form calls that which a linked field stands for. */
export function linkedLabel(type: ItemType, member: LinkedMember): string {
  const { login, card, identity } = t().item
  // Each has a word for all that its type links, and for more that is none of it.
  const words: object = type === 'login' ? login : type === 'card' ? card : identity
  const label: unknown = new Map(Object.entries(words)).get(member)
  return typeof label === 'string' ? label : member
}

/** What is damaged, in words where there are some: `login.password` becomes "Password". */
export function damagedLabels({ damaged }: Pick<Item, 'damaged'>): string[] {
  const words = t().item
  const labels = damaged.map((place) => {
    const [first = '', second = ''] = place.split('.')
    if (first === 'key') return words.damaged.key
    if (first === 'name' || first === 'notes') return words[first]
    if (first.startsWith('fields')) return words.fields.heading
    if (first.startsWith('passwordHistory')) return words.history.heading
    if (second.startsWith('uris')) return words.login.uris
    const part: unknown = words[first as keyof typeof words]
    const label = typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[second] : undefined
    return typeof label === 'string' ? label : place
  })
  return [...new Set(labels)]
}
