// What the page shows, drawn from what /live sends. Every text comes in through textContent: nothing that a game says is HTML.

export const query = new URLSearchParams(location.search);
const only = query.get('panel')?.split(',');
const $ = selector => document.querySelector(selector);
const panel = name => $(`[data-panel=${name}]`);

// ---- elements ----

export function make(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) if (value) e.setAttribute(name, value);
  e.append(...children.filter(c => c !== null && c !== undefined));
  return e;
}
export const row = (attributes, ...cells) => make('tr', attributes, ...cells.map(c => c instanceof HTMLTableCellElement ? c : make('td', null, c)));
export const number = text => make('td', { class: 'number' }, text);
const term = (name, value) => make('div', null, make('dt', null, name), make('dd', null, value));

/* lit: how much of its light it has; without it, all. */
function bar(part, lit = 1) {
  const fill = make('i');
  fill.style.width = `${100 * Math.min(1, Math.max(0, part))}%`;
  fill.style.opacity = String(0.3 + 0.7 * Math.sqrt(Math.min(1, Math.max(0, lit))));
  return make('div', { class: 'bar' }, fill);
}

// ---- numbers, as the window has them ----

export const count = n => n.toLocaleString('en');
const percent = p => p > 0 && p < 0.01 ? '<1%' : `${Math.round(100 * p)}%`;

function clock(seconds) {
  if (seconds === null) return '–';
  const s = Math.floor(seconds), two = n => String(n).padStart(2, '0');
  const days = Math.floor(s / 86400), time = `${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return days ? `${days}d ${time}` : s < 3600 ? time.slice(3) : time;
}

function split(seconds) {
  return seconds !== null && seconds < 60 ? `${clock(seconds)}.${Math.floor(10 * seconds) % 10}` : clock(seconds);
}

function difference(at, best) {
  const d = at - best;
  return make('td', { class: `number ${d > 0 ? 'behind' : 'ahead'}` }, `${d > 0 ? '+' : '−'}${Math.abs(d).toFixed(1)}`);
}

export const ends = { win: 'won', loss: 'lost', timeout: 'out of time' };

// ---- panels: what each is, or null where it has nothing to tell ----

const draw = {
  run(d) {
    const badges = make('span', { class: 'badges' }, make('span', { class: `badge ${d.mode}` }, d.mode.toUpperCase()));
    if (d.recovered) badges.prepend(make('span', { class: 'badge recovered' }, d.recovered));
    const named = (label, name) => name ? make('span', null, make('span', { class: 'dim' }, `${label} `), name) : null;
    document.title = d.title ?? (d.game ? `${d.game} - Longplay` : 'Longplay');
    return [make('b', null, d.title ?? 'Longplay'), named('game', d.game), named('policy', d.policy), named('memory', d.memory),
      d.note ?? d.status ? make('span', { class: 'dim' }, d.note ?? d.status) : null, badges].filter(e => e);
  },
  clocks: (d, all) => {
    const r = all.results, list = [];
    if (r.can_win) list.push(term('won', count(r.wins)));
    if (r.can_end) list.push(term('lost', count(r.losses)), term('out of time', count(r.timeouts)), term('episode', count(r.episode)));
    list.push(term('in the episode', clock(d.episode_s)), term('played', clock(d.played_s)));
    if (d.real_s !== null) list.push(term('since the start', clock(d.real_s)));
    list.push(term('decisions', count(d.decisions)), term('decisions/s', count(Math.round(all.run.decisions_per_s))));
    return [make('dl', null, ...list)];
  },
  action: d => d.human || !d.actions.length ? null : [make('h2', null, 'Next action'), make('table', null, ...d.actions.map(a =>
    row(a.name === d.chosen ? { class: 'chosen' } : null, a.name, make('td', null, bar(a.probability ?? 0)), number(percent(a.probability ?? 0)))))],
  value(d) {
    if (!d.history.length) return null;
    const now = d.history.at(-1), y = v => 75 - 70 * Math.max(-1, Math.min(1, v ?? 0));
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 511 150');
    svg.setAttribute('preserveAspectRatio', 'none');
    const part = (tag, attributes) => {
      const e = document.createElementNS(svg.namespaceURI, tag);
      for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
      svg.append(e);
    };
    for (const v of [-1, 0, 1]) part('line', { x1: 0, x2: 511, y1: y(v), y2: y(v) });
    part('polyline', { points: d.history.map((v, i) => `${511 - d.history.length + 1 + i},${y(v)}`).join(' ') });
    return [make('h2', null, `Value ${now === null ? '–' : (now < 0 ? '−' : '+') + Math.abs(now).toFixed(2)}`), svg];
  },
  memory: d => !d.levels.length ? null : [make('h2', null, 'Memory'), make('table', null, ...d.levels.map((n, level) =>
    row(null, level ? `level ${level}` : 'items', make('td', null, bar(n / Math.max(...d.levels), d.weights[level])), number(count(n))))),
    make('div', { class: 'dim' }, `${count(d.items_seen)} seen in this episode${d.last_written ? `; last: ${d.last_written}` : ''}`)],
  thought: d => d.text === null ? null : [make('h2', null, 'Thought'), make('div', d.thinks ? { class: 'growing' } : null, d.text || 'it said nothing')],
  notebook: (d, all) => !all.model.plays ? null : [make('h2', null, 'Notebook'),
    ...d.lines.filter(l => l.key === 'goal').map(l => make('div', { class: 'goal' }, l.text)),
    make('table', null, ...d.lines.filter(l => l.key !== 'goal').map(l => row(null, make('td', { class: 'key' }, l.key), l.text))),
    d.lines.length ? null : make('div', { class: 'dim' }, 'nothing is written yet')].filter(e => e),
  model: d => !d.plays ? null : [make('h2', null, 'Model'), make('dl', null, term('tokens', count(d.tokens)),
    ...d.cost ? [term('cost', d.cost.toFixed(2)), ...[['win', d.wins], ['milestone', d.milestones], ['turn', d.turns]].filter(([, n]) => n)
      .map(([name, n]) => term(`a ${name} cost`, (d.cost / n).toFixed(d.cost / n < 0.1 ? 4 : 2)))] : [], term('replies', count(d.replies)),
    term('repeats', count(d.repeats)), term('faults', count(d.faults)), ...d.failed ? [term('failed', count(d.failed))] : [],
    ...d.given_up ? [term('given up', count(d.given_up))] : []),
    d.repeating ? make('div', { class: 'loss' }, `the same again, ${count(d.repeating)} times on this screen`) : null].filter(e => e),
  reading: d => !d.reads.length ? null : [make('h2', null, 'Reading now'), make('table', null, ...d.reads.map(r =>
    row(null, number(percent(r.weight ?? 0)), r.text ?? '–', number(`${count(r.age)} ago${r.level ? `, level ${r.level}` : ''}`))))],
  events: d => !d.events.length ? null : [make('h2', null, 'Events'), make('table', null, ...d.events.map(e =>
    row(e.episode === d.events[0].episode ? null : { class: 'dim' }, number(clock(e.at_s)), `${e.milestone ? '◆ ' : ''}${e.text}`, number(`episode ${count(e.episode)}`))))],
  splits: d => !d.splits.length ? null : [make('h2', null, 'Splits'), make('table', null, ...d.splits.map(s =>
    row(s.at_s === null ? { class: 'dim' } : null, s.name, s.at_s !== null && s.best_s !== null ? difference(s.at_s, s.best_s) : '', number(split(s.at_s ?? s.best_s)))))],
  results: d => !d.last.length ? null : [make('h2', null, 'Episodes'), make('table', null, ...d.last.slice(0, 8).map(r =>
    row(null, number(count(r.episode)), make('td', { class: r.end }, ends[r.end] ?? '–'), number(`${count(r.decisions)} decisions`), number(clock(r.seconds)))))],
  buttons: d => !d.pressed.length ? null : [make('h2', null, 'Buttons'), ...d.all.map(key => {
    const lane = make('div');
    d.pressed.forEach((keys, i) => {
      if (!keys.includes(key)) return;
      const mark = make('i');
      mark.style.gridColumn = String(61 - d.pressed.length + i);
      mark.style.gridRow = '1';
      lane.append(mark);
    });
    return make('div', { class: 'lane' }, make('span', null, key), lane);
  })],
  variables: d => !d.variables.length ? null : [make('h2', null, 'Variables'), make('table', null, ...d.variables.map(v =>
    row(null, v.name, number(count(v.value)), number(`${count(v.age)} ago`))))],
};

function show(all) {
  for (const [name, of] of Object.entries(draw)) {
    const e = panel(name);
    if (only && !only.includes(name)) continue;
    const parts = of(all[name], all);
    e.hidden = !parts;
    e.replaceChildren(...parts ?? []);
  }
  const end = all.results.banner, banner = $('#banner');
  banner.hidden = !end;
  banner.className = end ?? '';
  banner.textContent = end ? ends[end].toUpperCase() : '';
}

// ---- what to show, and following it ----

if (only) {
  document.body.classList.add('overlay');
  const all = [...document.querySelectorAll('[data-panel]')], names = all.map(e => e.dataset.panel);
  for (const e of all) e.hidden = !only.includes(e.dataset.panel);
  for (const name of only) if (!names.includes(name)) document.body.append(make('p', null, `no panel is called '${name}' (there are ${names.join(', ')})`));
}
document.body.classList.toggle('transparent', query.get('transparent') === '1');

function follow() {
  const source = new EventSource(`live?pictures=${!only || only.includes('picture') ? 1 : 0}`);
  source.addEventListener('open', () => { $('#lost').hidden = true; });
  source.addEventListener('panels', e => show(JSON.parse(e.data)));
  source.addEventListener('picture', e => { $('#picture').src = `data:image/png;base64,${e.data}`; });
  source.addEventListener('error', () => {
    $('#lost').hidden = Boolean(only);
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 2000); // a browser gives up where it was refused
  });
}
follow();
