// htmx, with what a strict content security policy forbids switched off by the page's meta tag.
import htmx from 'htmx.org';

window.htmx = htmx;
