import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import {
  formatBytes,
  formatDate,
  formatDateTime,
  formatNumber,
  formatRelative,
  language,
  localeCollator,
  preferredLanguage,
  t,
  useLanguage,
  useRegions,
} from '../../../web/src/i18n/index.ts'

afterEach(() => useLanguage('en'))

describe('the language', () => {
  const wanted = [
    [['zh-TW', 'en'], 'zh-CN'],
    [['zh'], 'zh-CN'],
    [['de-CH', 'en-GB', 'zh-CN'], 'en'],
    [['fr', 'ZH-Hans-SG'], 'zh-CN'],
    [['de'], 'en'],
    [[], 'en'],
    [['english'], 'en'],
  ] as const
  for (const [tags, expected] of wanted) {
    test(`of a browser that wants ${tags.join(', ') || 'none'} is ${expected}`, () => {
      assert.equal(preferredLanguage(tags), expected)
    })
  }

  test('is English until another one is there, and that is spoken everywhere then', async () => {
    assert.equal(t().common.cancel, 'Cancel')
    const speaking = useLanguage('zh-CN')
    assert.equal(language(), 'en')
    await speaking
    assert.equal(language(), 'zh-CN')
    assert.equal(t().common.cancel, '取消')
  })

  test('that was asked for last is spoken, however long the other takes to load', async () => {
    await Promise.all([useLanguage('zh-CN'), useLanguage('en')])
    assert.equal(language(), 'en')
  })
})

describe('numbers, sizes and dates', () => {
  const sizes = [
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1,023 bytes'],
    [1024, '1 kB'],
    [1536, '1.5 kB'],
    [1024 ** 2 * 100, '100 MB'],
    [1024 ** 3 * 2.25, '2.3 GB'],
    [1024 ** 4, '1,024 GB'],
  ] as const
  for (const [bytes, expected] of sizes) {
    test(`${bytes} bytes are ${expected}`, () => assert.equal(formatBytes(bytes), expected))
  }

  // Without a zone: wherever the test runs.
  const now = new Date('2026-06-15T12:00:00')
  const times = [
    ['2026-06-15T11:59:30', 'now'],
    ['2026-06-15T11:58:30', '1 minute ago'],
    ['2026-06-15T09:00:00', '3 hours ago'],
    ['2026-06-17T12:00:00', 'in 2 days'],
    ['2026-06-18T11:59:59', 'in 3 days'],
    ['2026-06-17T00:30:00', 'in 2 days'],
    ['2026-06-14T11:00:00', 'yesterday'],
    ['2026-06-13T23:00:00', '2 days ago'],
    ['2026-06-29T11:59:59', 'in 2 weeks'],
    ['2026-06-07T12:00:00', '1 week ago'],
    ['2026-07-16T11:59:00', 'in 1 month'],
    ['2024-06-01T12:00:00', '2 years ago'],
  ] as const
  for (const [date, expected] of times) {
    test(`${date} is ${expected}`, () => assert.equal(formatRelative(new Date(date), now), expected))
  }

  test('put a dash where a server has said nothing that makes sense', () => {
    const noDate = new Date('next week')
    for (const text of [formatDate(noDate), formatDateTime(noDate), formatRelative(noDate), formatBytes(Number.NaN)]) {
      assert.equal(text, '–')
    }
  })

  test('follow the language', async () => {
    const date = new Date(2026, 5, 15)
    assert.equal(formatDate(date), 'Jun 15, 2026')
    assert.equal(formatNumber(12345.5), '12,345.5')
    await useLanguage('zh-CN')
    assert.equal(formatDate(date), '2026年6月15日')
    assert.equal(formatRelative(new Date('2026-06-14T11:00:00'), now), '昨天')
  })

  test('follow the region of the browser, where it is one of the language', async () => {
    const date = new Date(2026, 5, 15)
    useRegions(['en-US@posix', 'de-CH', 'zh-TW', 'en-GB', 'en-US'])
    try {
      assert.equal(formatDate(date), '15 Jun 2026')
      await useLanguage('zh-CN')
      assert.equal(formatRelative(new Date('2026-06-15T11:58:00'), now), '2分钟前')
    } finally {
      useRegions([])
    }
  })

  test('lists have 2 before 10, and capitals beside small letters', () => {
    const sorted = ['item 10', 'Zebra', 'Item 2', 'apple', 'Äpfel'].sort(localeCollator().compare)
    assert.deepEqual(sorted, ['Äpfel', 'apple', 'Item 2', 'item 10', 'Zebra'])
  })
})
