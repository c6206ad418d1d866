

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.lookups
import pgvector.django.halfvec
from django.db import migrations, models
from pgvector.django import VectorExtension


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        VectorExtension(),
        migrations.CreateModel(
            name='Catalog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(help_text='Short name used in URLs and commands.', unique=True, verbose_name='key')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('embedded_attributes', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, help_text='Attributes that encoders read. Empty: every attribute that holds text.', null=True, size=None, verbose_name='embedded attributes')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'catalog',
                'verbose_name_plural': 'catalogs',
                'ordering': ['key'],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('scope', models.CharField(choices=[('publishable', 'publishable'), ('ingest', 'ingest'), ('admin', 'admin')], max_length=20, verbose_name='scope')),
                ('prefix', models.CharField(editable=False, max_length=16, unique=True, verbose_name='prefix')),
                ('secret_hash', models.CharField(editable=False, max_length=64, verbose_name='secret hash')),
                ('allowed_origins', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list, help_text='Origins that a publishable key may be used from. Empty: any.', size=None, verbose_name='allowed origins')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
                ('last_used_at', models.DateTimeField(editable=False, null=True, verbose_name='last used')),
                ('catalog', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='catalog.catalog', verbose_name='catalog')),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='EmbeddingSpace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.SlugField(default='text', verbose_name='role')),
                ('encoder', models.CharField(blank=True, help_text='Key of the encoder; empty where a learner publishes.', max_length=50, verbose_name='encoder')),
                ('options', models.JSONField(blank=True, default=dict, verbose_name='options')),
                ('fingerprint', models.CharField(blank=True, editable=False, max_length=128, verbose_name='fingerprint')),
                ('dimensions', models.PositiveSmallIntegerField(editable=False, null=True, verbose_name='dimensions')),
                ('metric', models.CharField(choices=[('cosine', 'cosine'), ('inner_product', 'inner product')], default='cosine', max_length=20, verbose_name='metric')),
                ('state', models.CharField(choices=[('building', 'building'), ('active', 'active'), ('retired', 'retired')], default='building', editable=False, max_length=10, verbose_name='state')),
                ('error', models.TextField(blank=True, editable=False, verbose_name='error')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('activated_at', models.DateTimeField(editable=False, null=True, verbose_name='activated')),
                ('catalog', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='catalog.catalog', verbose_name='catalog')),
            ],
            options={
                'verbose_name': 'embedding space',
                'verbose_name_plural': 'embedding spaces',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=512, verbose_name='key')),
                ('kind', models.CharField(default='item', max_length=50, verbose_name='kind')),
                ('title', models.TextField(blank=True, verbose_name='title')),
                ('text', models.TextField(blank=True, verbose_name='text')),
                ('url', models.TextField(blank=True, verbose_name='URL')),
                ('image_url', models.TextField(blank=True, verbose_name='image URL')),
                ('language', models.CharField(blank=True, max_length=16, verbose_name='language')),
                ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list, size=None, verbose_name='categories')),
                ('attributes', models.JSONField(blank=True, default=dict, verbose_name='attributes')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires')),
                ('available', models.BooleanField(default=True, help_text='Set by the site, for example by stock.', verbose_name='available')),
                ('hidden', models.BooleanField(default=False, help_text='Set by an editor; imports leave it alone.', verbose_name='hidden')),
                ('content_digest', models.UUIDField(editable=False, verbose_name='content digest')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated')),
                ('catalog', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='catalog.catalog', verbose_name='catalog')),
            ],
            options={
                'verbose_name': 'item',
                'verbose_name_plural': 'items',
            },
        ),
        migrations.CreateModel(
            name='Embedding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('vector', pgvector.django.halfvec.HalfVectorField(null=True)),
                ('content_digest', models.UUIDField(null=True, verbose_name='content digest')),
                ('failed_digest', models.UUIDField(null=True, verbose_name='failed digest')),
                ('error', models.TextField(blank=True, db_default='', default='', verbose_name='error')),
                ('attempts', models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='attempts')),
                ('retry_at', models.DateTimeField(null=True, verbose_name='next attempt')),
                ('space', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='catalog.embeddingspace', verbose_name='embedding space')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='catalog.item', verbose_name='item')),
            ],
            options={
                'verbose_name': 'embedding',
                'verbose_name_plural': 'embeddings',
            },
        ),
        migrations.AddConstraint(
            model_name='embeddingspace',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('catalog', 'role'), name='space_one_active_a_role'),
        ),
        migrations.AddConstraint(
            model_name='embeddingspace',
            constraint=models.CheckConstraint(condition=models.Q(('dimensions', None), models.Q(('dimensions__gte', 1), ('dimensions__lte', 4000)), _connector='OR'), name='space_dimensions_in_range'),
        ),
        migrations.AddConstraint(
            model_name='embeddingspace',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'active'), _negated=True), ('dimensions__isnull', False), _connector='OR'), name='space_active_has_dimensions'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(models.F('catalog'), models.OrderBy(models.F('published_at'), descending=True, nulls_last=True), models.OrderBy(models.F('id'), descending=True), name='item_newest'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=django.contrib.postgres.indexes.GinIndex(fields=['categories'], name='item_categories'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=django.contrib.postgres.indexes.GinIndex(fields=['attributes'], name='item_attributes', opclasses=['jsonb_path_ops']),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.UniqueConstraint(fields=('catalog', 'key'), name='item_key_unique'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='item_key_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('published_at', None), ('expires_at', None), ('expires_at__gt', models.F('published_at')), _connector='OR'), name='item_expires_after_published'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(models.Func(models.F('attributes'), function='jsonb_typeof', output_field=models.TextField()), models.Value('object')), name='item_attributes_object'),
        ),
        migrations.AddIndex(
            model_name='embedding',
            index=models.Index(condition=models.Q(('failed_digest', None), _negated=True), fields=['space', 'item'], name='embedding_failed'),
        ),
        migrations.AddConstraint(
            model_name='embedding',
            constraint=models.UniqueConstraint(fields=('space', 'item'), name='embedding_unique'),
        ),
        migrations.AddConstraint(
            model_name='embedding',
            constraint=models.CheckConstraint(condition=models.Q(('vector__isnull', False), ('content_digest', None), _connector='OR'), name='embedding_digest_needs_vector'),
        ),
    ]
