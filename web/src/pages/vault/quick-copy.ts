import { t } from '../../i18n/index.ts'
import type { Item } from '../../model/item.ts'
import { totpCode } from '../../totp/code.ts'
import { readTotp } from '../../totp/read-totp.ts'
import { copyText } from '../../ui/clipboard.ts'
import { toast } from '../../ui/toasts.ts'
import type { ListedItem } from '../../vault/surroundings.ts'
import type { Vault } from '../../vault/vault.ts'
import { type ItemActions, sayError } from '../item/item-actions.ts'
import { fullNameOf } from '../item/linked.ts'
import type { Copyable } from './copyable.ts'

/** Opens the item, asks for the password if that item does, and copies. Says how it went. */
export async function quickCopy(
  listed: ListedItem,
  what: Copyable,
  { vault, actions }: { readonly vault: Vault; readonly actions: ItemActions },
): Promise<void> {
  if (!(await actions.mayOpen([listed]))) return
  let text: string | null
  try {
    text = textToCopy(await vault.open(listed.id), what)
  } catch (error) {
    return sayError(error)
  }
  if (text === null || text === '') return toast(t().vault.row.nothingToCopy, { kind: 'info' })
  try {
    await copyText(text, { secret: SECRET.includes(what) })
    toast(t().common.copied)
  } catch {
    toast(t().common.copyFailed, { kind: 'error' })
  }
}

const SECRET: readonly Copyable[] = ['password', 'totp', 'number', 'code', 'notes']

function textToCopy(item: Item, what: Copyable): string | null {
  if (what === 'notes') return item.notes
  switch (item.type) {
    case 'login': {
      const { username, password, totp } = item.login
      const read = what === 'totp' && totp !== null ? readTotp(totp) : undefined
      return what === 'username' ? username : what === 'password' ? password : read ? totpCode(read, Date.now()) : null
    }
    case 'card':
      return what === 'number' || what === 'code' ? item.card[what] : null
    case 'identity':
      if (what === 'fullName') return fullNameOf(item.identity)
      return what === 'username' || what === 'email' ? item.identity[what] : null
    case 'sshKey':
      return what === 'publicKey' ? item.sshKey.publicKey : null
    default:
      return null
  }
}
