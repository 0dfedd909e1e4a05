// The memory to browse, what was, and the picture of any moment of either.
import { make, row, number, count, ends, query } from './page.js';

const $ = selector => document.querySelector(selector);

async function ask(what, parameters) {
  const answer = await fetch(`api/${what}?${new URLSearchParams(parameters)}`);
  const object = await answer.json();
  if (!answer.ok) throw new Error(object.error);
  return object;
}

// Puts what ask(...) says where it belongs; what is wrong is said in its place.
async function fill(place, asked, draw) {
  place.setAttribute('aria-busy', 'true');
  try {
    place.replaceChildren(...draw(await asked));
  } catch (e) {
    place.replaceChildren(make('p', { class: 'dim' }, e.message));
  }
  place.removeAttribute('aria-busy');
}

// ---- a moment ----

function showMoment(title, facts, episode, decision) {
  const picture = make('img', { alt: `the game at decision ${decision}`, src: `api/moment.png?${new URLSearchParams({ episode, decision })}` });
  picture.addEventListener('error', () => picture.replaceWith(make('p', { class: 'dim' }, 'no picture of it (yet)')));
  $('#moment').replaceChildren(make('h2', null, title), picture, make('table', null, ...facts.map(([name, value]) => row(null, number(name), value))));
  $('#moment').hidden = false;
}

function showRow(r) {
  const facts = [['text', r.text ?? '–'], ['episode', count(r.episode)], ['decision', count(r.decision)]];
  if (r.level) facts.push(['steps', `${count(r.first_step)} to ${count(r.last_step)}`], ['keeps', r.items.join(', ')]);
  else facts.push(['step', count(r.first_step)], ['salience', r.salience.toFixed(4)]);
  if (r.parent) facts.push(['kept by', r.parent]);
  showMoment(r.id, facts, r.episode, r.decision);
}

// ---- the tree, and what is found ----

function entry(r) {
  const open = make('button', { type: 'button', class: 'entry' }, make('span', { class: 'dim' }, `${r.id} `), r.text ?? '–');
  open.addEventListener('click', () => showRow(r));
  if (!r.level) return make('li', null, open);
  const inside = make('ul'), details = make('details', null, make('summary', null, open), inside);
  details.addEventListener('toggle', () => {
    if (details.open && !inside.children.length) fill(inside, ask('tree', { id: r.id }), entries);
  });
  return make('li', null, details);
}

function entries(answer) {
  if (!answer.rows.length) return [make('li', { class: 'dim' }, 'nothing')];
  return [...answer.rows.map(entry), answer.more ? make('li', { class: 'dim' }, '...') : null].filter(e => e);
}

function showTree() {
  const form = new FormData($('#find'));
  const words = form.get('words').trim(), episode = form.get('episode');
  fill($('#tree'), words ? ask('search', { words }) : ask('tree', episode ? { episode } : {}), entries);
}

// ---- what was ----

function clickable(tr, show) {
  tr.tabIndex = 0;
  tr.addEventListener('click', show);
  tr.addEventListener('keydown', e => { if (e.key === 'Enter') show(); });
  return tr;
}

function showPast() {
  fill($('#past'), ask('past', {}), past => [
    make('h2', null, `Episodes: ${count(past.ended)} ended`), make('table', null, ...past.episodes.map(e => clickable(
      row(null, number(count(e.episode)), make('td', { class: e.end }, ends[e.end] ?? e.end), number(`${count(e.decisions)} decisions`)),
      () => showMoment(`The end of episode ${e.episode}`, [['result', ends[e.end] ?? e.end], ['decision', count(e.decision)]], e.episode, e.decision)))),
    make('h2', null, `Events: ${count(past.happened)}`), make('table', null, ...past.events.map(e => clickable(
      row(null, number(count(e.decision)), e.text || e.name, number(`episode ${count(e.episode)}`)),
      () => showMoment(e.name, [['text', e.text || '–'], ['episode', count(e.episode)], ['decision', count(e.decision)]], e.episode, e.decision)))),
  ]);
}

// ---- which of the three is seen ----

function turn() {
  const where = ['#memory', '#past'].includes(location.hash) ? location.hash : '#live';
  $('#live').hidden = where !== '#live';
  $('#browse').hidden = where === '#live';
  $('#remembered').hidden = where !== '#memory';
  $('#past').hidden = where !== '#past';
  for (const a of document.querySelectorAll('nav a')) a.toggleAttribute('aria-current', a.hash === where);
  if (where === '#memory') showTree();
  if (where === '#past') showPast();
}

if (query.has('panel')) {
  $('nav').hidden = true;
} else {
  $('#find').addEventListener('submit', e => { e.preventDefault(); showTree(); });
  addEventListener('hashchange', turn);
  turn();
}
