// FormEngine over @getodk/xforms-engine.
import { constants, loadForm } from '@getodk/xforms-engine';
import type { AnyNode, FormLanguage, MarkdownNode, RootNode, TextRange } from '@getodk/xforms-engine';
import type { Choice, FilledForm, FormEngine, Kind, Question, Rich, Saved, Unmet, Words } from './engine.ts';

const kinds: Record<string, Kind> = {
  int: 'whole', decimal: 'decimal', date: 'date', time: 'time', dateTime: 'moment', geopoint: 'place',
};
// What a form may emphasise with; anything else is shown as the words alone.
const tags = new Set(['em', 'strong', 'u', 'br', 'p', 'ul', 'ol', 'li', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6']);

function richOf(node: MarkdownNode): Rich {
  if (node.role === 'child') return { tag: null, text: node.value, children: [] };
  if (node.role === 'line-break') return { tag: 'br', text: '', children: [] };
  if (node.role === 'html') {
    const parsed = new DOMParser().parseFromString(node.unsafeHtml, 'text/html');
    return { tag: null, text: parsed.body.textContent ?? '', children: [] };
  }
  let tag: string | null = tags.has(node.elementName) ? node.elementName : null;
  if (tag && /^h\d$/.test(tag)) tag = 'strong';  // a label is no heading of the page
  return { tag, text: '', children: node.children.map(richOf) };
}

function nameOf(url: { href: string } | undefined): string | null {
  return url ? decodeURIComponent(url.href.slice(url.href.lastIndexOf('/') + 1)) : null;
}

function wordsOf(range: TextRange<any> | null): Words | null {
  if (!range) return null;
  return { plain: range.asString, rich: range.formatted.map(richOf), image: nameOf(range.imageSource) };
}

function kindOf(node: AnyNode): Kind | null {
  switch (node.nodeType) {
    case 'input': return kinds[node.valueType] ?? 'text';
    case 'note': return 'note';
    case 'select': return node.selectType === 'select' ? 'many' : 'one';
    case 'rank': return 'rank';
    case 'range': return 'range';
    case 'trigger': return 'trigger';
    case 'upload': return 'upload';
    case 'group': return 'group';
    case 'repeat-range:controlled': case 'repeat-range:uncontrolled': return 'repeats';
    case 'repeat-instance': return 'repeat';
    default: return null;  // computed, nothing to show
  }
}

class NodeQuestion implements Question {
  readonly id: string;
  readonly looks: ReadonlySet<string>;
  readonly lines: number | null = null;
  readonly bounds: Question['bounds'] = null;
  readonly accept: string = '';
  readonly counted: boolean;

  constructor(private readonly node: any, readonly kind: Kind, private readonly known: Known) {
    this.id = 'q' + String(node.nodeId).replace(/\W/g, '-');
    this.looks = new Set<string>(node.appearances ? [...node.appearances] : []);
    this.counted = node.nodeType === 'repeat-range:controlled';
    if (kind === 'text') this.lines = node.nodeOptions?.rows ?? null;
    if (kind === 'upload') this.accept = node.nodeOptions.media.accept;
    if (kind === 'range') {
      const { start, end, step } = node.definition.bounds;
      this.bounds = { start: Number(start), end: Number(end), step: Math.abs(Number(step)) };
    }
  }

  relevant(): boolean { return this.node.currentState.relevant; }
  readonly(): boolean { return this.node.currentState.readonly; }
  required(): boolean { return this.node.currentState.required; }
  label(): Words | null {
    if (this.kind === 'note') return wordsOf(this.node.currentState.noteText);
    return wordsOf(this.node.currentState.label);
  }
  hint(): Words | null {
    return this.kind === 'note' && !this.node.currentState.label ? null : wordsOf(this.node.currentState.hint);
  }
  unmet(): Unmet | null {
    const violation = this.node.validationState.violation;
    return violation ? { kind: violation.condition, message: violation.message?.asString || null } : null;
  }
  children(): readonly Question[] { return this.known.below(this.node); }
  answer(): string { return this.node.currentState.instanceValue ?? ''; }
  set(answer: string): void {
    if (this.kind === 'trigger') this.node.setValue(answer === 'OK');
    else if (this.kind === 'whole' || this.kind === 'decimal' || this.kind === 'range')
      this.node.setValue(answer === '' ? null : this.node.valueType === 'int' ? BigInt(answer) : Number(answer));
    else this.node.setValue(answer === '' && this.kind !== 'text' ? null : answer);
  }
  choices(): readonly Choice[] {
    return this.node.currentState.valueOptions.map((each: any) => ({ value: each.value, label: wordsOf(each.label)! }));
  }
  chosen(): readonly string[] { return this.node.currentState.value; }
  choose(values: readonly string[]): void {
    if (this.kind === 'rank') this.node.setValues(values);
    else if (this.kind === 'many') this.node.selectValues(values);
    else this.node.selectValue(values[0] ?? null);
  }
  setFile(file: File | null): void { this.node.setValue(file); }
  add(): void { this.node.addInstances(this.node.currentState.children.length - 1, 1); }
  remove(position: number): void { this.node.removeInstances(position, 1); }
}

// The same Question for the same node, however often it is asked for.
class Known {
  private readonly questions = new WeakMap<object, Question | { hidden: true }>();
  below(node: any): Question[] {
    const found: Question[] = [];
    for (const child of node.currentState.children ?? []) {
      let question = this.questions.get(child);
      if (!question) {
        const kind = kindOf(child);
        question = kind ? new NodeQuestion(child, kind, this) : { hidden: true };
        this.questions.set(child, question);
      }
      if (!('hidden' in question)) found.push(question);
    }
    return found;
  }
}

class NodeForm implements FilledForm {
  private readonly known = new Known();
  readonly pages: boolean;
  readonly languages: readonly string[];
  constructor(private readonly root: RootNode) {
    this.pages = root.classes.pages === true;
    this.languages = root.languages.filter((each) => !each.isSyntheticDefault).map((each) => each.language);
  }
  language(): string { return this.root.currentState.activeLanguage.language; }
  setLanguage(language: string): void {
    const found = this.root.languages.find((each) => each.language === language);
    if (found && !found.isSyntheticDefault) this.root.setLanguage(found as FormLanguage);
  }
  questions(): readonly Question[] { return this.known.below(this.root); }
  async save(): Promise<Saved> {
    const { data: [data] } = await this.root.prepareInstancePayload({ payloadType: 'monolithic' });
    const files: File[] = [];
    let xml = '';
    for (const [name, content] of data.entries()) {
      if (name === constants.INSTANCE_FILE_NAME) xml = await content.text();
      else files.push(new File([content], name, { type: content.type }));
    }
    return { xml, files };
  }
}

export const xformsEngine: FormEngine = {
  async open(xml, file, saved, changed) {
    const loaded = await loadForm(xml, {
      // A file nobody brought, and jr://instance/last-saved, are empty lists: the rest of the form works.
      missingResourceBehavior: constants.MISSING_RESOURCE_BEHAVIOR.BLANK,
      fetchFormAttachment: async (url) => (await file(nameOf(url) ?? '')) ?? new Response('', { status: 404 }),
    });
    if (loaded.status === 'failure') throw loaded.error;
    const instance = {
      stateFactory: <T extends object>(state: T): T => new Proxy(state, {
        set(target, key, value, receiver) {
          const done = Reflect.set(target, key, value, receiver);
          changed();
          return done;
        },
      }),
      // Phones call every picture alike; the time makes the name its own within the form.
      instanceAttachments: {
        fileNameFactory: (meta: { basename: string; extension: string | null; writtenAt: Date }) =>
          `${meta.basename}-${meta.writtenAt.getTime().toString(36)}${meta.extension ?? ''}`,
      },
    };
    if (!saved) return new NodeForm(loaded.createInstance(instance).root);
    const data = new FormData();
    data.set(constants.INSTANCE_FILE_NAME,
      new File([saved.xml], constants.INSTANCE_FILE_NAME, { type: constants.INSTANCE_FILE_TYPE }));
    for (const each of saved.files) data.set(each.name, each, each.name);
    return new NodeForm((await loaded.restoreInstance({ data: [data as any] }, instance)).root);
  },
};
