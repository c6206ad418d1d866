

import django.contrib.postgres.fields
import django.db.models.deletion
import pgvector.django.halfvec
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('catalog', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=512, verbose_name='key')),
                ('attributes', models.JSONField(blank=True, db_default={}, default=dict, verbose_name='attributes')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('last_seen_at', models.DateTimeField(editable=False, null=True, verbose_name='last seen')),
                ('interests_refreshed_at', models.DateTimeField(editable=False, null=True, verbose_name='interests refreshed')),
                ('catalog', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='catalog.catalog', verbose_name='catalog')),
                ('merged_into', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, to='profiles.profile', verbose_name='merged into')),
            ],
            options={
                'verbose_name': 'profile',
                'verbose_name_plural': 'profiles',
            },
        ),
        migrations.CreateModel(
            name='Interest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rank', models.PositiveSmallIntegerField(verbose_name='rank')),
                ('weight', models.FloatField(verbose_name='weight')),
                ('vector', pgvector.django.halfvec.HalfVectorField()),
                ('keywords', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None, verbose_name='keywords')),
                ('space', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='catalog.embeddingspace', verbose_name='embedding space')),
                ('profile', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='profiles.profile', verbose_name='profile')),
            ],
            options={
                'verbose_name': 'interest',
                'verbose_name_plural': 'interests',
                'ordering': ['profile', 'space', 'rank'],
            },
        ),
        migrations.CreateModel(
            name='Interaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=50, verbose_name='kind')),
                ('value', models.FloatField(null=True, verbose_name='value')),
                ('occurred_at', models.DateTimeField(verbose_name='time')),
                ('recorded_at', models.DateTimeField(auto_now_add=True, verbose_name='recorded')),
                ('key', models.CharField(max_length=128, null=True, verbose_name='interaction id')),
                ('query_text', models.TextField(db_default='', default='', verbose_name='query')),
                ('context', models.JSONField(db_default={}, default=dict, verbose_name='context')),
                ('recommendation_id', models.UUIDField(null=True, verbose_name='recommendation')),
                ('position', models.PositiveSmallIntegerField(null=True, verbose_name='position')),
                ('catalog', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='catalog.catalog', verbose_name='catalog')),
                ('item', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='catalog.item', verbose_name='item')),
                ('profile', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='profiles.profile', verbose_name='profile')),
            ],
            options={
                'verbose_name': 'interaction',
                'verbose_name_plural': 'interactions',
            },
        ),
        migrations.AddConstraint(
            model_name='profile',
            constraint=models.UniqueConstraint(fields=('catalog', 'key'), name='profile_key_unique'),
        ),
        migrations.AddConstraint(
            model_name='profile',
            constraint=models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='profile_key_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='profile',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into', None), models.Q(('merged_into', models.F('id')), _negated=True), _connector='OR'), name='profile_not_merged_into_itself'),
        ),
        migrations.AddConstraint(
            model_name='interest',
            constraint=models.UniqueConstraint(fields=('profile', 'space', 'rank'), name='interest_unique'),
        ),
        migrations.AddIndex(
            model_name='interaction',
            index=models.Index(fields=['profile', '-occurred_at', '-id'], include=('item', 'kind', 'value'), name='interaction_history'),
        ),
        migrations.AddIndex(
            model_name='interaction',
            index=models.Index(fields=['catalog', 'occurred_at'], name='interaction_log'),
        ),
        migrations.AddConstraint(
            model_name='interaction',
            constraint=models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('catalog', 'key'), name='interaction_key_unique'),
        ),
        migrations.AddConstraint(
            model_name='interaction',
            constraint=models.CheckConstraint(condition=models.Q(('item__isnull', False), models.Q(('query_text', ''), _negated=True), _connector='OR'), name='interaction_item_or_query'),
        ),
        migrations.AddConstraint(
            model_name='interaction',
            constraint=models.CheckConstraint(condition=models.Q(('value', None), models.Q(('value__gte', -1000000000.0), ('value__lte', 1000000000.0)), _connector='OR'), name='interaction_value_finite'),
        ),
    ]
