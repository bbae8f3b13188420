// What lies on this device: sealed by AES-GCM under a key that only a passphrase opens (PBKDF2, SHA-256). Nothing of a
// form, not even its name, lies in the browser's profile in plain.
//
// Two stores: "key" holds the wrapped key of each person, "sealed" what it seals. To wipe is to destroy the first.

export const kRounds = 600_000;
const kPad = 4096;  // bytes: sizes tell little

export interface Entry {
  readonly id: string;
  readonly form: string;
  readonly version: string;
  readonly title: string;
  readonly at: number;  // milliseconds since 1970
  readonly state: 'draft' | 'waiting' | 'refused';
  readonly why: string;
  readonly xml: string;
  readonly files: readonly File[];
}

interface WrappedKey { salt: Uint8Array<ArrayBuffer>; rounds: number; iv: Uint8Array<ArrayBuffer>; wrapped: ArrayBuffer }
interface SealedEntry { owner: string; iv: Uint8Array<ArrayBuffer>; content: ArrayBuffer }

const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
const encoder = new TextEncoder(), decoder = new TextDecoder();

export function canSeal(): boolean {
  return typeof indexedDB !== 'undefined' && typeof crypto !== 'undefined' && crypto.subtle !== undefined;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open('kept', 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('key');
    request.result.createObjectStore('sealed');
  };
  return done(request);
}

// One store, one transaction, on the disk before it returns.
async function inStore<T>(database: IDBDatabase, store: 'key' | 'sealed', mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = database.transaction(store, mode, { durability: 'strict' });
  const finished = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
  const result = await done(act(transaction.objectStore(store)));
  await finished;
  return result;
}

async function wrapping(passphrase: string, salt: Uint8Array<ArrayBuffer>, rounds: number): Promise<CryptoKey> {
  const typed = await crypto.subtle.importKey('raw', encoder.encode(passphrase.normalize('NFKC')), 'PBKDF2', false, ['deriveKey']);
  return crypto.subtle.deriveKey({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }, typed,
    { name: 'AES-GCM', length: 256 }, false, ['wrapKey', 'unwrapKey']);
}

async function unwrap(kept: WrappedKey, passphrase: string): Promise<CryptoKey> {
  return crypto.subtle.unwrapKey('raw', kept.wrapped, await wrapping(passphrase, kept.salt, kept.rounds),
    { name: 'AES-GCM', iv: kept.iv }, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

// Length of the head, the head, the files' bytes one after the other, zeros.
async function packed(entry: Entry): Promise<Uint8Array<ArrayBuffer>> {
  const { files, ...rest } = entry;
  const contents = await Promise.all(files.map((each) => each.arrayBuffer()));
  const head = encoder.encode(JSON.stringify({
    ...rest, files: files.map((each) => ({ name: each.name, type: each.type, size: each.size })),
  }));
  const size = contents.reduce((sum, each) => sum + each.byteLength, 4 + head.length);
  const all = new Uint8Array(Math.ceil(size / kPad) * kPad);
  new DataView(all.buffer).setUint32(0, head.length);
  all.set(head, 4);
  let at = 4 + head.length;
  for (const content of contents) {
    all.set(new Uint8Array(content), at);
    at += content.byteLength;
  }
  return all;
}

function unpacked(content: ArrayBuffer): Entry {
  const length = new DataView(content).getUint32(0);
  const head = JSON.parse(decoder.decode(new Uint8Array(content, 4, length)));
  let at = 4 + length;
  const files = head.files.map(({ name, type, size }: { name: string; type: string; size: number }) => {
    const file = new File([new Uint8Array(content, at, size)], name, { type });
    at += size;
    return file;
  });
  return { ...head, files };
}

export class SealedStore {
  private key: CryptoKey | null = null;
  private constructor(private readonly database: IDBDatabase, private readonly owner: string) {}

  // `person` is not kept, only a hash of it.
  static async of(person: string): Promise<SealedStore> {
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode('kept ' + person)));
    return new SealedStore(await open(), [...hash.slice(0, 16)].map((each) => each.toString(16).padStart(2, '0')).join(''));
  }

  get isOpen(): boolean { return this.key !== null; }
  async exists(): Promise<boolean> {
    return (await inStore(this.database, 'key', 'readonly', (store) => store.count(this.owner))) > 0;
  }

  async begin(passphrase: string): Promise<void> {
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']);
    const salt = random(16), iv = random(12);
    const wrapped = await crypto.subtle.wrapKey('raw', key, await wrapping(passphrase, salt, kRounds), { name: 'AES-GCM', iv });
    const kept: WrappedKey = { salt, rounds: kRounds, iv, wrapped };
    const opened = await unwrap(kept, passphrase);
    await inStore(this.database, 'key', 'readwrite', (store) => store.add(kept, this.owner));
    this.key = opened;
  }

  // False: not this passphrase.
  async unlock(passphrase: string): Promise<boolean> {
    const kept: WrappedKey | undefined = await inStore(this.database, 'key', 'readonly', (store) => store.get(this.owner));
    if (!kept) return false;
    try {
      this.key = await unwrap(kept, passphrase);
      return true;
    } catch {
      return false;
    }
  }

  async put(entry: Entry): Promise<void> {
    const key = this.key!, iv = random(12);
    // Bound to its place: one entry cannot stand in for another.
    const content = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: encoder.encode(entry.id) }, key, await packed(entry));
    if (this.key !== key) return;  // wiped meanwhile
    await inStore(this.database, 'sealed', 'readwrite', (store) => store.put({ owner: this.owner, iv, content } satisfies SealedEntry, entry.id));
  }

  async drop(id: string): Promise<void> {
    await inStore(this.database, 'sealed', 'readwrite', (store) => store.delete(id));
  }

  // What opens, newest first, and how many did not.
  async all(): Promise<{ entries: Entry[]; unreadable: number }> {
    const ids = await inStore(this.database, 'sealed', 'readonly', (store) => store.getAllKeys()) as string[];
    const entries: Entry[] = [];
    let unreadable = 0;
    for (const id of ids) {
      const kept: SealedEntry | undefined = await inStore(this.database, 'sealed', 'readonly', (store) => store.get(id));
      if (!kept || kept.owner !== this.owner) continue;
      try {
        entries.push(unpacked(await crypto.subtle.decrypt(
          { name: 'AES-GCM', iv: kept.iv, additionalData: encoder.encode(id) }, this.key!, kept.content)));
      } catch {
        ++unreadable;
      }
    }
    return { entries: entries.sort((a, b) => b.at - a.at), unreadable };
  }

  // The key first: whatever happens after that, nothing here opens any more.
  async wipe(): Promise<void> {
    this.key = null;
    await inStore(this.database, 'key', 'readwrite', (store) => store.delete(this.owner));
    const ids = await inStore(this.database, 'sealed', 'readonly', (store) => store.getAllKeys()) as string[];
    for (const id of ids) {
      const kept: SealedEntry | undefined = await inStore(this.database, 'sealed', 'readonly', (store) => store.get(id));
      if (kept?.owner === this.owner) await this.drop(id);
    }
  }
}
