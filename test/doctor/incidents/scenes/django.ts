/** Django and its database. */
import { startPostgres } from '../../../support/software/postgres.ts';
import { startGunicorn } from '../../../support/software/python-servers.ts';
import { HTTP_CLIENT } from '../clients.ts';
import type { Incident } from '../incident.ts';

/** A project in one file, with the defaults of its database. */
const PROJECT = `
from django.conf import settings
settings.configure(
    ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="x",
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "10.20.0.2", "USER": "app", "NAME": "postgres"}},
)
import django
from django.db import connection
from django.http import HttpResponse
from django.urls import path
django.setup()
def page(request):
    with connection.cursor() as cursor: cursor.execute("select 1")
    return HttpResponse("hello")
urlpatterns = [path("", page)]
from django.core.wsgi import get_wsgi_application
app = get_wsgi_application()
`;

export const DJANGO: readonly Incident[] = [
  {
    name: 'django-connection-per-request',
    report: 'https://github.com/Datateknologerna-vid-Abo-Akademi/date-website/pull/1106',
    story: 'Django with its defaults connects to the database for each request and closes at its end.',
    async scene(stage) {
      const [web, database, clients] = stage.network('web', 'database', 'clients');
      await startPostgres(database, { roles: ['app'] });
      await startGunicorn(web, { source: PROJECT, args: ['--threads', '8'] });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '8', '0.15'] });
      await stage.reached('TIME_WAIT', () => stage.count(web, 'state', 'time-wait', 'dport', '=', ':5432') >= 700);
    },
    expected: {
      rules: ['CONN_CHURN', 'TIME_WAIT_PILEUP'],
      place: /5432|postgres/,
      says: [/CONN_MAX_AGE/],
      beside: ['CONN_CHURN', 'TIME_WAIT_PILEUP'],
    },
  },
];
