# One image for every component of the larger topology; the commands are those of `kansho_airflow.services`.
FROM python:3.11-slim-bookworm

RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      fonts-ipaexfont-gothic fonts-ipaexfont-mincho fonts-ipamj-mincho fonts-noto-cjk \
      libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 50000 --create-home --shell /usr/sbin/nologin kansho

WORKDIR /opt/kansho
COPY requirements.txt pyproject.toml ./
# Celery, PostgreSQL and Redis belong to this topology alone, so they have a file of their own.
COPY deploy/requirements.txt deploy/entrypoint.sh deploy/
RUN pip install --no-cache-dir -r requirements.txt -r deploy/requirements.txt
COPY include include
COPY plugins plugins
COPY dags dags
COPY great_expectations great_expectations
RUN pip install --no-cache-dir --no-deps -e . && python -m compileall -q include plugins dags \
 && mkdir -p /var/lib/kansho && chown kansho:0 /var/lib/kansho && chmod 2770 /var/lib/kansho

# Whoever runs it (KANSHO_UID) belongs to group 0, which may write the run-time folder.
USER 50000:0
ENV AIRFLOW_HOME=/var/lib/kansho/airflow KANSHO_VAR=/var/lib/kansho
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/kansho/deploy/entrypoint.sh"]
